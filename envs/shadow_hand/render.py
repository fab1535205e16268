"""Pictures of the hand: one model with lights and things whose places, colours and number change from picture to picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import cache
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ..household.engine import gl_context, mujoco
from .backdrop import backdrop
from .look import CLUTTER, LIGHTS, PATTERNS, Look
from .model import VISUAL_GROUP, Morphology, Side, compile_mjcf, hand_mjcf

NEAR_M, FAR_M = 0.05, 6.0
_PATTERN_SIZE = 32
_GRAIN = 2**23
_KINDS = (
    mujoco.mjtGeom.mjGEOM_SPHERE,
    mujoco.mjtGeom.mjGEOM_CAPSULE,
    mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    mujoco.mjtGeom.mjGEOM_BOX,
)
_PLAIN = Look()


class HandRenderer:
    """Draws the hand off screen, in the thread that made it. Close it to free its textures.

    The model has its own state: `joint_positions_rad` in, picture out. visual_parts: meshes of the hand that a look can colour.
    """

    def __init__(self, side: Side = "right", width: int = 224, height: int = 224, morphology: Morphology = "shadow") -> None:
        self.width, self.height = width, height
        model = self.model = _scene(hand_mjcf(side, morphology), width, height)
        self.data = mujoco.MjData(model)
        self._gl = gl_context(width, height)
        self._gl.make_current()
        self.context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        self.context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self.scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 8)
        for flag in ("SHADOW", "REFLECTION", "SKYBOX", "FOG", "HAZE"):
            self.scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{flag}")] = False
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 0
        self._option.geomgroup[[0, VISUAL_GROUP]] = 1
        self._option.sitegroup[:] = 0
        self._camera, self._perturb = mujoco.MjvCamera(), mujoco.MjvPerturb()
        self._rect = mujoco.MjrRect(0, 0, width, height)
        self._rgb = np.empty((height, width, 3), dtype=np.uint8)
        self._depth = np.empty((height, width), dtype=np.float32)
        self._hand = np.flatnonzero(model.geom_group == VISUAL_GROUP)
        self._things = np.array([model.geom(f"thing{i}").id for i in range(CLUTTER)])
        self._skins = np.array([model.mat(f"skin{i}").id for i in range(-1, PATTERNS)])
        self.visual_parts = len(self._hand)

    def picture(self, joint_positions_rad: NDArray[np.float64], look: Look = _PLAIN) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 of a pose, (24,) rad in the order of `joints.JOINTS`; the same for the same arguments."""
        import cv2

        self.prepare(joint_positions_rad, look)
        mujoco.mjr_render(self._rect, self.scene, self.context)
        mujoco.mjr_readPixels(self._rgb, self._depth, self._rect, self.context)
        behind = backdrop(look.background, self.width, self.height)
        drawn = (self._depth[::-1] > 0.0).astype(np.uint8)
        return _sensed(np.asarray(cv2.copyTo(cv2.flip(self._rgb, 0), drawn, behind), dtype=np.uint8), look)

    def prepare(self, joint_positions_rad: NDArray[np.float64], look: Look) -> None:
        """Bring the scene to a pose and a look: what is left is `mjr_render` and `mjr_readPixels`."""
        self.data.qpos[:] = joint_positions_rad
        pose, K = look.T_world_camera(), look.K(self.width, self.height)
        self._dress(look)
        self._strew(look, pose, K)
        self._light(look)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)
        self._gl.make_current()
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self.model, self.data, self._option, self._perturb, self._camera, everything, self.scene)
        for eye in self.scene.camera:
            eye.pos, eye.forward, eye.up = pose[:3, 3], pose[:3, 2], -pose[:3, 1]
            eye.frustum_center = NEAR_M * (self.width / 2.0 - (K[0, 2] + 0.5)) / K[0, 0]
            eye.frustum_width = NEAR_M * self.width / 2.0 / K[0, 0]
            eye.frustum_top = NEAR_M * (K[1, 2] + 0.5) / K[1, 1]
            eye.frustum_bottom = eye.frustum_top - NEAR_M * self.height / K[1, 1]
            eye.frustum_near, eye.frustum_far = NEAR_M, FAR_M
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self.context)

    def _dress(self, look: Look) -> None:
        gain = look.part_gain if len(look.part_gain) else np.ones((self.visual_parts, 3))
        self.model.geom_rgba[self._hand, :3] = np.clip(look.hand_rgb * gain, 0.0, 1.0)
        self.model.geom_matid[self._hand] = self._skins[look.pattern + 1]

    def _strew(self, look: Look, pose: NDArray[np.float64], K: NDArray[np.float64]) -> None:
        model = self.model
        model.geom_rgba[self._things, 3] = 0.0
        for geom, thing in zip(self._things, look.things, strict=False):
            u, v = thing.uv[0] * self.width - 0.5, thing.uv[1] * self.height - 0.5
            ray = np.array([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], 1.0])
            model.geom_type[geom] = _KINDS[thing.kind]
            model.geom_pos[geom] = pose[:3, :3] @ (thing.distance_m * ray) + pose[:3, 3]
            model.geom_quat[geom] = thing.turn / np.linalg.norm(thing.turn)
            model.geom_size[geom] = thing.size_m
            model.geom_rgba[geom] = [*thing.rgb, 1.0]

    def _light(self, look: Look) -> None:
        model = self.model
        model.vis.headlight.ambient[:] = look.ambient
        model.light_active[:] = 0
        for index, light in enumerate(look.lights):
            model.light_active[index] = 1
            model.light_dir[index], model.light_diffuse[index] = light.direction, light.rgb

    def close(self) -> None:
        """Free textures and frame buffer; the renderer is not usable afterwards."""
        self._gl.make_current()
        self.context.free()

    def __enter__(self) -> HandRenderer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _scene(root: ET.Element, width: int, height: int) -> mujoco.MjModel:
    visual = ET.SubElement(root, "visual")
    ET.SubElement(visual, "global", offwidth=f"{width}", offheight=f"{height}")
    ET.SubElement(visual, "headlight", ambient="0.3 0.3 0.3", diffuse="0 0 0", specular="0 0 0")
    ET.SubElement(visual, "quality", offsamples="0")
    asset, world = ET.SubElement(root, "asset"), ET.SubElement(root, "worldbody")  # MuJoCo joins repeated sections
    for index in range(-1, PATTERNS):
        material = {"name": f"skin{index}", "specular": "0.3", "shininess": "0.3"}
        if index >= 0:
            name, size = f"pattern{index}", f"{_PATTERN_SIZE}"
            ET.SubElement(asset, "texture", name=name, type="cube", builtin="flat", width=size, height=size)
            material["texture"] = name
        ET.SubElement(asset, "material", material)
    for index in range(CLUTTER):
        # a place that is not the world's own, or MuJoCo would take it for granted that the thing never leaves the origin
        thing = {"name": f"thing{index}", "pos": "0 0 -1", "quat": "0.5 0.5 0.5 0.5", "size": "0.01 0.01 0.01"}
        ET.SubElement(world, "geom", thing, contype="0", conaffinity="0", mass="0")
    for index in range(LIGHTS):
        ET.SubElement(world, "light", name=f"light{index}", type="directional", castshadow="false", specular="0.3 0.3 0.3")
    model = compile_mjcf(root)
    _paint_patterns(model)
    return model


def _paint_patterns(model: mujoco.MjModel) -> None:
    """Give each texture its grain: bright on average, so that the hand's colour stays what the look says."""
    import cv2

    rng = np.random.default_rng(0)
    for index in range(model.ntex):
        count = int(model.tex_height[index] * model.tex_width[index] * model.tex_nchannel[index])
        start, rows = int(model.tex_adr[index]), int(model.tex_height[index])
        cells = (4, 8, 16, 32)[index % 4]
        spread, channels = rng.uniform(0.1, 0.45), 3 if index % 2 else 1
        faces = [
            cv2.resize(1.0 - spread * rng.random((cells, cells, channels)).repeat(3 // channels, axis=2), (_PATTERN_SIZE,) * 2)
            for _ in range(rows // _PATTERN_SIZE)
        ]
        model.tex_data[start : start + count] = (255 * np.concatenate(faces)).astype(np.uint8).ravel()


def _sensed(rgb: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """What the sensor makes of the light: blur, movement, exposure and noise."""
    import cv2

    if look.blur_px > 0.0:
        rgb = cv2.GaussianBlur(rgb, (0, 0), look.blur_px)  # type: ignore[assignment]
    if np.hypot(*look.motion_px) > 0.5:
        rgb = cv2.filter2D(rgb, -1, _streak(look.motion_px))  # type: ignore[assignment]
    if (look.gain != 1.0).any():
        rgb = cv2.transform(rgb, np.diag(look.gain))  # type: ignore[assignment]
    if look.noise > 0.0:
        grain = _stretch_of_grain(look.pixels, rgb.size)
        rgb = cv2.add(rgb, look.noise * grain.reshape(rgb.shape), dtype=cv2.CV_8U)  # type: ignore[assignment]
    return rgb


def _stretch_of_grain(number: int, size: int) -> NDArray[np.float32]:
    """(size,) normal noise of a picture's number; in one that has more values than were drawn they come round again."""
    grain = _grain()
    if size < _GRAIN:
        start = number % (_GRAIN - size)
        return grain[start : start + size]
    return np.resize(np.roll(grain, -(number % _GRAIN)), size)


@cache
def _grain() -> NDArray[np.float32]:
    """Normal noise, drawn once: a picture takes a stretch of it, which costs a tenth of drawing it."""
    return np.random.default_rng(0).standard_normal(_GRAIN, dtype=np.float32)


def _streak(motion_px: tuple[float, float]) -> NDArray[np.float32]:
    """The kernel of an even movement during the exposure."""
    import cv2

    reach = int(np.ceil(max(abs(motion_px[0]), abs(motion_px[1])))) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=np.float32)
    half = (np.array(motion_px) / 2.0 + reach) * 16
    other = (reach - np.array(motion_px) / 2.0) * 16
    cv2.line(kernel, tuple(other.astype(int).tolist()), tuple(half.astype(int).tolist()), 1.0, 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()
