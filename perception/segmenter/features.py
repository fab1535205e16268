"""What the network is shown: colour at full resolution, and the geometry that a posed depth camera adds to it."""

from __future__ import annotations

import torch
import torch.nn.functional as F

CHANNELS = 20
NEAR_M = 0.1


def features(rgb: torch.Tensor, depth_m: torch.Tensor, K: torch.Tensor, T_world_camera: torch.Tensor) -> torch.Tensor:
    """Input of the network at half the resolution of the picture.

    rgb: (B, H, W, 3) uint8; depth_m: (B, H, W) float32 metres along the optical axis, 0 = no return; K: (B, 3, 3);
    T_world_camera: (B, 4, 4), with the floor at z = 0 of the world; H and W even. Returns (B, 20, H/2, W/2) float32: the four
    colours of each 2x2 cell (12), their inverse depths in 1/m (4), and of its upper left pixel the height above the floor
    in m, the normal's upward and camera-facing parts, and whether the depth is valid.
    """
    batch, height, width = depth_m.shape
    cells = rgb.float().div_(127.5).sub_(1.0).reshape(batch, height // 2, 2, width // 2, 2, 3)
    colour = cells.permute(0, 5, 2, 4, 1, 3).reshape(batch, 12, height // 2, width // 2)
    inverse = torch.where(depth_m > NEAR_M, 1.0 / depth_m.clamp(min=NEAR_M), 0.0)
    inverse = F.pixel_unshuffle(inverse.unsqueeze(1), 2)
    z = depth_m[:, ::2, ::2]
    valid = (z > NEAR_M).float()
    rays = _rays(height // 2, width // 2, K)
    up = T_world_camera[:, 2, :3, None, None].float()
    above = ((rays * up).sum(1) * z + T_world_camera[:, 2, 3, None, None].float()) * valid
    normal = _normals(rays * z.unsqueeze(1))
    upward = (normal * up).sum(1) * valid
    facing = (normal * _unit(rays)).sum(1) * valid
    return torch.cat([colour, inverse, torch.stack([above.clamp(-0.5, 4.0) - 1.0, upward, facing, valid], dim=1)], dim=1)


def _rays(height: int, width: int, K: torch.Tensor) -> torch.Tensor:
    """(B, 3, height, width) directions with z = 1 through every second pixel."""
    K = K.float()
    x = (torch.arange(width) * 2.0 - K[:, 0, 2, None]) / K[:, 0, 0, None]
    y = (torch.arange(height) * 2.0 - K[:, 1, 2, None]) / K[:, 1, 1, None]
    shape = (len(K), height, width)
    return torch.stack([x[:, None, :].expand(shape), y[:, :, None].expand(shape), torch.ones(shape)], dim=1)


def _normals(points: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) unit normals towards the camera, from differences of neighbouring points."""
    across = points[..., 2:] - points[..., :-2]
    down = points[..., 2:, :] - points[..., :-2, :]
    normal = torch.linalg.cross(down[..., 1:-1], across[..., 1:-1, :], dim=1)
    return F.pad(_unit(normal), (1, 1, 1, 1), mode="replicate")


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) of length 1; by hand, since over this axis `F.normalize` takes ten times as long."""
    return vectors / vectors.square().sum(1, keepdim=True).sqrt_().clamp_(min=1e-9)
