"""Where the keypoints of the hand are at given angles, in torch, so that a loss can pull at the fingertips."""

from __future__ import annotations

import numpy as np
import torch

from enactive.envs.household.engine import mujoco
from enactive.envs.shadow_hand.views import keypoint_ids


class Kinematics:
    """Forward kinematics of a hand whose bodies have at most one hinge each, at their origin, as the Shadow Hand's have."""

    def __init__(self, model: mujoco.MjModel) -> None:
        bodies, tips = keypoint_ids(model)
        owners = [int(model.site_bodyid[tip]) for tip in tips]
        ends = [[*bodies[1 + 3 * finger : 4 + 3 * finger], owner] for finger, owner in enumerate(owners)]
        self._owners = [bodies[0], *(body for finger in ends for body in finger)]  # body of each keypoint
        offsets = np.zeros((len(self._owners), 3))
        offsets[4::4] = model.site_pos[tips]
        self._offsets = torch.from_numpy(offsets).float()
        self._parents = [int(parent) for parent in model.body_parentid]
        self._joint = {int(body): joint for joint, body in enumerate(model.jnt_bodyid)}
        self._places = torch.from_numpy(model.body_pos.copy()).float()
        rest = np.zeros((model.nbody, 9))
        for body in range(model.nbody):
            mujoco.mju_quat2Mat(rest[body], model.body_quat[body])
        self._rest = torch.from_numpy(rest.reshape(-1, 3, 3)).float()
        x, y, z = torch.from_numpy(model.jnt_axis.copy()).float().unbind(1)
        zero = torch.zeros_like(x)
        self._cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).reshape(-1, 3, 3)

    def __call__(self, angles_rad: torch.Tensor) -> torch.Tensor:
        """(B, 21, 3) m, `views.KEYPOINTS` in the forearm's frame, of angles (B, 24)."""
        sine, versine = angles_rad.sin()[..., None, None], 1.0 - angles_rad.cos()[..., None, None]
        turns = torch.eye(3) + sine * self._cross + versine * (self._cross @ self._cross)  # Rodrigues
        rotations, origins = [torch.eye(3).expand(len(angles_rad), 3, 3)], [torch.zeros(len(angles_rad), 3)]
        for body in range(1, len(self._parents)):
            parent = self._parents[body]
            origins.append(origins[parent] + rotations[parent] @ self._places[body])
            rotation = rotations[parent] @ self._rest[body]
            rotations.append(rotation @ turns[:, self._joint[body]] if body in self._joint else rotation)
        R, o = torch.stack(rotations, dim=1)[:, self._owners], torch.stack(origins, dim=1)[:, self._owners]
        return o + (R @ self._offsets[..., None]).squeeze(-1)
