"""Pictures of an apartment: colour and depth in one pass, and segmentation for the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from .camera import HFOV_RAD, camera_pose, intrinsics
from .compile import CONDITIONS, VOID, WINDOW, CompiledApartment, pose_model
from .engine import gl_context, mujoco, nearest_mipmaps
from .state import WorldState, closed_around, rooms_at
from .vapour import MOST, add_to, reach_m, tinted
from .visibility import RoomVisibility

NEAR_M, FAR_M = 0.03, 60.0
_SHOWN, _HIDDEN = 0, 5  # geom groups
_LOOKS = ("on", "dirty", "sliced", "temperature")  # of a state: they show without anything having moved
_DIM, _LIT = 0.85, 1.0  # brightness of a room whose lamps are off, on


@dataclass(frozen=True, slots=True)
class DepthSensor:
    """How depth is measured. range_m: what lies outside returns 0. noisy: adds noise and steps, as a structured-light camera.

    multiplicative: standard deviation of the factor, by pixel. step_m_inverse: quantisation of inverse depth, 1/m.
    """

    range_m: tuple[float, float] = (0.5, 5.0)
    noisy: bool = False
    multiplicative: float = 0.01
    step_m_inverse: float = 1.0 / 500.0

    def measure(self, depth: NDArray[np.float32], state: WorldState) -> NDArray[np.float32]:
        """Turn true depth (H, W) metres, in place where it can, into what the sensor returns: the same for the same state."""
        if self.noisy:
            rng = np.random.Generator(np.random.Philox(key=[state.seed % 2**64, state.steps]))
            depth = depth * (1.0 + self.multiplicative * rng.standard_normal(depth.shape, dtype=np.float32))
            inverse = np.maximum(np.round(1.0 / np.maximum(depth, 1e-3) / self.step_m_inverse), 1.0)
            depth = (1.0 / (inverse * self.step_m_inverse)).astype(np.float32)
        low, high = self.range_m
        depth *= (depth >= low) & (depth <= high)
        return depth


class Renderer:
    """Draws one compiled apartment off screen, in the thread that made it. Close it to free its textures.

    culling: leave out what the camera cannot see (other rooms, things outside the view); changes no pixel.
    """

    def __init__(
        self,
        compiled: CompiledApartment,
        width: int = 320,
        height: int = 240,
        sensor: DepthSensor | None = None,
        culling: bool = True,
        hfov_rad: float = HFOV_RAD,
    ) -> None:
        self.compiled, self.width, self.height, self.culling = compiled, width, height, culling
        self.sensor = DepthSensor() if sensor is None else sensor
        self.K = intrinsics(width, height, hfov_rad)
        model = self.model = compiled.model
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        self.data = mujoco.MjData(model)
        self._gl = gl_context(width, height)
        self._gl.make_current()
        self.context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        nearest_mipmaps(model, self.context)
        self.context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self.scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 16 + MOST * len(compiled.apartment.objects))
        for flag in ("SHADOW", "REFLECTION", "SKYBOX", "FOG", "HAZE"):
            self.scene.flags[getattr(mujoco.mjtRndFlag, f"mjRND_{flag}")] = False
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 0
        self._option.geomgroup[_SHOWN] = 1
        self._camera, self._perturb = mujoco.MjvCamera(), mujoco.MjvPerturb()
        self._rect = mujoco.MjrRect(0, 0, width, height)
        self._rgb = np.empty((height, width, 3), dtype=np.uint8)
        self._depth = np.empty((height, width), dtype=np.float32)
        self._rooms = RoomVisibility(compiled.apartment)
        self._rgba = compiled.geom_rgba.copy()
        emission = model.mat_emission[model.geom_matid]
        self._glows = (compiled.geom_code == WINDOW) | ((compiled.geom_code >= 0) & (emission > 0.0))
        self._state: WorldState | None = None
        mujoco.mj_kinematics(model, self.data)
        mujoco.mj_camlight(model, self.data)  # the lights never move

    def _aim(self, pose: NDArray[np.float64]) -> None:
        """Give both of MuJoCo's eyes the pose and the frustum of the camera."""
        for eye in self.scene.camera:
            eye.pos, eye.forward, eye.up = pose[:3, 3], pose[:3, 2], -pose[:3, 1]
            eye.frustum_center = 0.0
            eye.frustum_width = NEAR_M * self.width / 2.0 / self.K[0, 0]
            eye.frustum_top = NEAR_M * self.height / 2.0 / self.K[1, 1]
            eye.frustum_bottom = -eye.frustum_top
            eye.frustum_near, eye.frustum_far = NEAR_M, FAR_M

    def rgbd(
        self, state: WorldState, T_world_camera: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour (H, W, 3) uint8 and measured depth (H, W) float32 metres, 0 = no return.

        T_world_camera: (4, 4), the head camera of the body where not given.
        """
        self.prepare(state, T_world_camera)
        for i in self._hot_or_cold(state, T_world_camera):  # transparent, which writes no depth
            add_to(self.scene, state, int(i), self.compiled.apartment.objects[i].asset)
        mujoco.mjr_render(self._rect, self.scene, self.context)
        mujoco.mjr_readPixels(self._rgb, self._depth, self._rect, self.context)
        depth = self._depth[::-1] * np.float32(1.0 - NEAR_M / FAR_M)  # the buffer holds 1 at NEAR_M and 0 at FAR_M
        depth += np.float32(NEAR_M / FAR_M)
        np.divide(np.float32(NEAR_M), depth, out=depth)
        return self._rgb[::-1].copy(), self.sensor.measure(depth, state)

    def segmentation(self, state: WorldState, T_world_camera: NDArray[np.float64] | None = None) -> NDArray[np.int32]:
        """(H, W) int32: the id of the object at each pixel, or FLOOR, WALL, CEILING, WINDOW, VOID of `compile`."""
        flags = self.scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = True
        try:
            self.prepare(state, T_world_camera)
            mujoco.mjr_render(self._rect, self.scene, self.context)
            mujoco.mjr_readPixels(self._rgb, None, self._rect, self.context)
        finally:
            flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = False
        colour = self._rgb[::-1].astype(np.int32)
        drawn = colour[..., 0] + (colour[..., 1] << 8) + (colour[..., 2] << 16)  # 0 = nothing, else 1 + index in the scene
        codes = np.full(self.scene.ngeom + 1, VOID, dtype=np.int32)
        geoms = np.fromiter((geom.objid for geom in self.scene.geoms[: self.scene.ngeom]), dtype=np.int32)
        codes[1:] = self.compiled.geom_code[geoms]
        return codes[drawn]

    def prepare(self, state: WorldState, T_world_camera: NDArray[np.float64] | None = None) -> None:
        """Bring the scene to a state and a view: what is left is `mjr_render` and `mjr_readPixels`."""
        pose = camera_pose(state.base, state.pitch_rad) if T_world_camera is None else T_world_camera
        self._sync(state)
        self.model.geom_rgba[:] = self._rgba  # other renderers may share the model
        self.model.geom_group[:] = np.where(self._shown & self._in_view(pose), _SHOWN, _HIDDEN)
        self._gl.make_current()
        mujoco.mjv_updateScene(
            self.model,
            self.data,
            self._option,
            self._perturb,
            self._camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self.scene,
        )
        self._aim(pose)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self.context)

    def _sync(self, state: WorldState) -> None:
        """Bring the model to a state. Arrays of states are immutable: the same array needs no work."""
        old, compiled = self._state, self.compiled
        if old is state:
            return
        held = old is None or old.held != state.held
        posed = old is None or held or old.pose is not state.pose or old.opening is not state.opening
        if posed:
            pose_model(compiled, self.data, state)
            self._rooms_of = things = _bits(_overlaps(compiled, state.pose[:, :2], compiled.reach_m[:, None]))
            shell = np.left_shift(1, np.maximum(compiled.geom_room, 0))
            self._geom_rooms = np.where(compiled.geom_code >= 0, self._of_things(things), shell)
        switched = old is None or any(getattr(old, n) is not getattr(state, n) for n in _LOOKS)
        if switched or held:
            self._shown = self._conditions(state)
        if switched or posed:
            self._relight(state)
        self._state = state

    def _conditions(self, state: WorldState) -> NDArray[np.bool_]:
        """(G,) bool, the geoms that the state shows."""
        code = self.compiled.geom_code
        table = np.ones((len(state.on), len(CONDITIONS)), dtype=bool)
        for name, value in (("on", state.on), ("sliced", state.sliced), ("dirty", state.dirty)):
            table[:, CONDITIONS.index(name)] = value
        table[:, CONDITIONS.index("off")] = ~state.on
        table[:, CONDITIONS.index("whole")] = ~state.sliced
        if state.held >= 0:
            table[state.held] = False
        shown = np.ones(len(code), dtype=bool)
        things = code >= 0
        shown[things] = table[code[things], self.compiled.geom_condition[things]]
        return shown

    def _relight(self, state: WorldState) -> None:
        """A lamp that is on brightens the room it stands in and what stands there; heat and cold tint what has them."""
        compiled = self.compiled
        home = rooms_at(compiled.apartment, state.pose[:, :2], compiled.apartment.wall_m)
        lit = home[compiled.lights & state.on].any(axis=0)
        has_lamp = home[compiled.lights].any(axis=0)
        level = np.where(lit | ~has_lamp, _LIT, _DIM)
        of_object = np.where(home.any(axis=1), (home * level).max(axis=1), _LIT)
        scale = np.where(compiled.geom_code >= 0, self._of_things(of_object), level[np.maximum(compiled.geom_room, 0)])
        scale[self._glows] = 1.0
        temperature = np.where(compiled.geom_code >= 0, self._of_things(state.temperature), 0)
        self._rgba[:, :3] = tinted(compiled.geom_rgba[:, :3], temperature) * scale[:, None]

    def _in_view(self, pose: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(G,) bool, False only for geoms that cannot put a pixel into the picture."""
        if not self.culling:
            return np.ones(self.model.ngeom, dtype=bool)
        rooms = self._rooms.visible(pose, self.K)
        near = self._in_frustum(pose, self.data.geom_xpos, self.model.geom_rbound + 0.01)
        return ((self._geom_rooms & _bits(rooms)) != 0) & near

    def _hot_or_cold(self, state: WorldState, T_world_camera: NDArray[np.float64] | None) -> NDArray[np.int64]:
        """Ids of the things, not in the hand nor shut away, whose steam or frost may put a pixel into the picture."""
        apartment = self.compiled.apartment
        hot_or_cold = [i for i in np.flatnonzero(state.temperature).tolist() if i != state.held]
        ids = np.array([i for i in hot_or_cold if closed_around(apartment, state, i) < 0], dtype=np.int64)
        if not self.culling or not len(ids):
            return ids
        pose = camera_pose(state.base, state.pitch_rad) if T_world_camera is None else T_world_camera
        rooms = _bits(self._rooms.visible(pose, self.K))
        reach = np.array([reach_m(apartment.objects[i].asset) for i in ids])
        near = self._in_frustum(pose, state.pose[ids, :3], reach)
        return ids[near & ((self._rooms_of[ids] & rooms) != 0)]

    def _of_things(self, values: NDArray) -> NDArray:
        """Spread one value per object (N,) over the geoms (G,); those of the shell get an arbitrary one."""
        return np.append(values, values.dtype.type(1))[np.maximum(self.compiled.geom_code, -1)]

    def _in_frustum(
        self, pose: NDArray[np.float64], centres: NDArray[np.float64], radius: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """(M,) bool: which balls, centres (M, 3) and radius (M,) metres, reach into the view."""
        local = (centres - pose[:3, 3]) @ pose[:3, :3]
        half_x, half_y = self.width / 2.0 / self.K[0, 0], self.height / 2.0 / self.K[1, 1]
        x = np.abs(local[:, 0]) - half_x * local[:, 2] <= radius * np.hypot(1.0, half_x)
        y = np.abs(local[:, 1]) - half_y * local[:, 2] <= radius * np.hypot(1.0, half_y)
        return np.asarray(x & y & (local[:, 2] + radius > 0))

    def close(self) -> None:
        """Free textures and frame buffer; the renderer is not usable afterwards."""
        self._gl.make_current()
        self.context.free()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _bits(rooms: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rooms (..., R) bool as one integer with a bit per room."""
    return np.asarray(rooms @ np.left_shift(1, np.arange(rooms.shape[-1])))


def _overlaps(compiled: CompiledApartment, xy: NDArray[np.float64], reach_m: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N, rooms) bool: which rooms a disc around each object's origin reaches into."""
    rects = np.array([room.rect for room in compiled.apartment.rooms], dtype=np.float64)
    wall = compiled.apartment.wall_m
    nearest = np.clip(xy[:, None, :], rects[:, :2] - wall, rects[:, 2:] + wall)
    inside = np.hypot(*np.moveaxis(nearest - xy[:, None, :], 2, 0)) <= reach_m
    inside[~inside.any(axis=1)] = True  # what stands in no room may be seen from any
    return np.asarray(inside)
