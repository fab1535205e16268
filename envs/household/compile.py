"""An apartment as a MuJoCo model: one body per object, one geom per part, and the maps back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .engine import mujoco
from .furniture import FURNITURE
from .materials import PATTERNS
from .model import Apartment, Asset, Condition, Material, Mesh, Part, Placed
from .objects import OBJECTS
from .shell import ShellPiece, shell
from .state import WorldState, movers

# What a pixel of a segmentation means: an object's id, or one of these.
VOID, FLOOR, WALL, CEILING, WINDOW = -1, -2, -3, -4, -5
SHELL_CODES: Mapping[str, int] = {"floor": FLOOR, "wall": WALL, "ceiling": CEILING, "window": WINDOW}
# A piece of shell carries its light in its texture. Its emission outshines the lights, and a dark colour makes up for it.
SHELL_EMISSION = 8.0
_UNLIT = [1.0 / (SHELL_EMISSION + 0.9)] * 3 + [1.0]
CONDITIONS: tuple[Condition, ...] = ("", "on", "off", "sliced", "whole", "dirty")


@dataclass(frozen=True, eq=False)
class CompiledApartment:
    """An apartment ready to render.

    model: kinematic only; object i is mocap body i, mover k is joint k with `qpos[k]`. Of each of the G geoms: geom_code,
    (G,) int32, the id of its object or a code of the shell; geom_room, (G,) int32, the room of a piece of shell, -1 for
    objects; geom_condition, (G,) int8, index into `CONDITIONS`; geom_rgba, (G, 4) float32, its colour in full light.
    mover_owner: (K,) int32 object ids; mover_range: (K,) float64, travel to fully open, rad or m. lights: (N,) bool, which
    objects light their room when on. reach_m: (N,) float64, how far each object reaches from its origin in the plan.
    """

    apartment: Apartment
    model: mujoco.MjModel
    geom_code: NDArray[np.int32]
    geom_room: NDArray[np.int32]
    geom_condition: NDArray[np.int8]
    geom_rgba: NDArray[np.float32]
    mover_owner: NDArray[np.int32]
    mover_range: NDArray[np.float64]
    lights: NDArray[np.bool_]
    reach_m: NDArray[np.float64]


def compile_apartment(apartment: Apartment, pieces: Sequence[ShellPiece] | None = None) -> CompiledApartment:
    """Build the MuJoCo model of an apartment. pieces: its walls, floors and ceilings, made by `shell` where not given."""
    builder = _Builder()
    for placed in apartment.objects:
        builder.add_object(placed)
    for piece in shell(apartment) if pieces is None else pieces:
        builder.add_shell(piece)
    model = builder.spec.compile()
    owners = movers(apartment)
    lighting = {kind.category for kind in (*FURNITURE.values(), *OBJECTS.values()) if "lights" in kind.skills}
    return CompiledApartment(
        apartment=apartment,
        model=model,
        geom_code=np.array(builder.codes, dtype=np.int32),
        geom_room=np.array(builder.rooms, dtype=np.int32),
        geom_condition=np.array(builder.conditions, dtype=np.int8),
        geom_rgba=model.geom_rgba.copy(),
        mover_owner=np.array([owner for owner, _ in owners], dtype=np.int32),
        mover_range=np.array([mover.range for _, mover in owners], dtype=np.float64),
        lights=np.array([placed.asset.category in lighting for placed in apartment.objects], dtype=bool),
        reach_m=np.array([_reach(placed.asset) for placed in apartment.objects]),
    )


def pose_model(compiled: CompiledApartment, data: mujoco.MjData, state: WorldState) -> None:
    """Put every object, door and drawer where a state has it. What is held goes far below the floor."""
    data.mocap_pos[:] = state.pose[:, :3]
    data.mocap_quat[:, 0] = np.cos(state.pose[:, 3] / 2)
    data.mocap_quat[:, 3] = np.sin(state.pose[:, 3] / 2)
    if state.held >= 0:
        data.mocap_pos[state.held, 2] = -100.0
    data.qpos[:] = state.opening * compiled.mover_range
    mujoco.mj_kinematics(compiled.model, data)


class _Builder:
    """Adds things to a specification in the order of their geoms, and notes what each geom is."""

    def __init__(self) -> None:
        self.spec = spec = mujoco.MjSpec()
        spec.compiler.inertiafromgeom = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_FALSE
        spec.compiler.usethread = True
        spec.compiler.fitaabb = False
        every = spec.default.geom
        every.type, every.contype, every.conaffinity, every.mass = mujoco.mjtGeom.mjGEOM_MESH, 0, 0, 0.0
        spec.default.mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        spec.stat.extent, spec.stat.center = 1.0, np.zeros(3)
        visual = spec.visual
        visual.quality.numquads, visual.quality.offsamples, visual.quality.shadowsize = 1, 0, 0
        visual.quality.numslices, visual.quality.numstacks = 8, 6  # of round shapes: steam and frost alone are not meshes
        visual.map.znear, visual.map.zfar = 0.03, 60.0
        visual.headlight.active = 0
        for direction, ambient, diffuse in (((0.35, 0.2, -1.0), 0.62, 0.40), ((-0.55, -0.8, -0.35), 0.0, 0.20)):
            spec.worldbody.add_light(
                type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
                dir=direction,
                ambient=[ambient] * 3,
                diffuse=[diffuse] * 3,
                specular=[0.25 * diffuse] * 3,
                castshadow=False,
            )
        self.codes: list[int] = []
        self.rooms: list[int] = []
        self.conditions: list[int] = []
        self._materials: dict[tuple[object, ...], tuple[str, float]] = {}
        self._meshes: dict[tuple[int, float], tuple[Mesh, str]] = {}
        self._shell_body: mujoco.MjsBody | None = None

    def add_object(self, placed: Placed) -> None:
        asset, yaw = placed.asset, placed.yaw_rad
        quat = [float(np.cos(yaw / 2)), 0.0, 0.0, float(np.sin(yaw / 2))]
        body = self.spec.worldbody.add_body(pos=placed.xyz, quat=quat, mocap=True)
        self._add_parts(body, asset.parts, placed.id)
        for mover in asset.movers:
            leaf = body.add_body(mass=1.0, inertia=[1.0, 1.0, 1.0], explicitinertial=True)
            kind = mujoco.mjtJoint.mjJNT_HINGE if mover.kind == "hinge" else mujoco.mjtJoint.mjJNT_SLIDE
            leaf.add_joint(type=kind, axis=mover.axis, pos=mover.origin)
            self._add_parts(leaf, mover.parts, placed.id)

    def _add_parts(self, body: mujoco.MjsBody, parts: Sequence[Part], code: int) -> None:
        for part in parts:
            material, tile_m = self._material(part.material)
            look = (self._mesh(part.mesh, tile_m), material, [*part.material.rgb, part.material.alpha])
            self._add_geom(body, look, code, condition=CONDITIONS.index(part.when))

    def add_shell(self, piece: ShellPiece) -> None:
        if self._shell_body is None:  # last, so that furniture hides the walls behind it before they are drawn
            self._shell_body = self.spec.worldbody.add_body()
        name = f"shell{len(self.codes)}"
        self._texture(name, piece.texture)
        self._spec_material(name, name, 0.0, 0.0, SHELL_EMISSION)
        code = next((code for word, code in SHELL_CODES.items() if word in piece.name), WALL)
        self._add_geom(self._shell_body, (self._mesh(piece.mesh, 1.0), name, _UNLIT), code, piece.room)

    def _add_geom(
        self, body: mujoco.MjsBody, look: tuple[str, str, list[float]], code: int, room: int = -1, condition: int = 0
    ) -> None:
        """One geom; look: names of its mesh and of its material, and its colour with alpha."""
        mesh, material, rgba = look
        body.add_geom(meshname=mesh, material=material, rgba=rgba)
        self.codes.append(code)
        self.rooms.append(room)
        self.conditions.append(condition)

    def _mesh(self, mesh: Mesh, tile_m: float) -> str:
        key = (id(mesh), tile_m)
        if key not in self._meshes:
            name = f"mesh{len(self._meshes)}"
            added = self.spec.add_mesh(name=name)
            added.uservert = mesh.vertices.ravel()
            added.usernormal = mesh.normals.ravel()
            added.usertexcoord = (mesh.uv / tile_m).ravel()
            added.userface = mesh.faces.ravel()  # normals and texture coordinates are indexed alike
            self._meshes[key] = (mesh, name)
        return self._meshes[key][1]

    def _material(self, material: Material) -> tuple[str, float]:
        """Name of the material and metres of one tile of its texture. The colour is the geom's."""
        key = (material.pattern, material.specular, material.shininess, material.emission)
        if key not in self._materials:
            name = f"material{len(self._materials)}"
            texture, tile_m = "", 1.0
            if material.pattern != "plain":
                tile_m = PATTERNS[material.pattern][1]
                texture = f"pattern-{material.pattern}"
                if self.spec.texture(texture) is None:
                    self._texture(texture, _picture(material.pattern))
            self._spec_material(name, texture, material.specular, material.shininess, material.emission)
            self._materials[key] = (name, tile_m)
        return self._materials[key]

    def _texture(self, name: str, picture: NDArray[np.uint8]) -> None:
        texture = self.spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D)
        texture.height, texture.width, texture.nchannel = picture.shape
        texture.data = np.ascontiguousarray(picture).tobytes()

    def _spec_material(self, name: str, texture: str, specular: float, shininess: float, emission: float) -> None:
        material = self.spec.add_material(name=name, specular=specular, shininess=shininess, emission=emission)
        if texture:
            material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = texture


@cache
def _picture(pattern: str) -> NDArray[np.uint8]:
    return PATTERNS[pattern][0]()


def _reach(asset: Asset) -> float:
    reach = max((float(np.hypot(*part.mesh.vertices[:, :2].T).max()) for part in asset.parts), default=0.0)
    for mover in asset.movers:
        for part in mover.parts:
            origin = np.asarray(mover.origin)
            swing = float(np.linalg.norm(part.mesh.vertices - origin, axis=1).max())
            reach = max(reach, float(np.hypot(*origin[:2])) + swing + (mover.range if mover.kind == "slide" else 0.0))
    return reach
