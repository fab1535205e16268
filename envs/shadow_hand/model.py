"""The hand as a MuJoCo model, right or left.

Geometry, masses and meshes are those of gymnasium-robotics 1.4.2 (`assets/LICENSE.md`, Apache-2.0), numbers as in its
`hand/robot.xml`. Changed here: joints are named, signed and limited as in `joints`; the coupling of J1 and J2 by one tendon is
left out, since PoseLess' labels have both; every part collides with every other that is not its neighbour; servos hold the
hand's weight, so that there is no gravity. The left hand is the right one mirrored at the plane x = 0.

The forearm stands on the origin and points up (+z), the palm faces -y, the right hand's thumb is at +x. `adroit` has a second
hand, which stands in the same place.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from enactive.errors import ConfigError

from ..household.engine import mujoco
from . import adroit
from .joints import JOINTS, RANGES_RAD

Side = Literal["right", "left"]
Morphology = Literal["shadow", "adroit"]
ASSETS = Path(__file__).parent / "assets"
MESHES = ("F1", "F2", "F3", "TH1_z", "TH2_z", "TH3_z", "knuckle", "lfmetacarpal", "palm", "wrist")
FOREARM = "forearm_electric_cvx"
WRIST_M = 0.256  # height of the wrist
TIMESTEP_S = 0.002
VISUAL_GROUP, COLLISION_GROUP = 1, 4
FINGER_KP, WRIST_KP = 3.0, 10.0  # N m / rad

# name, knuckle's place in its parent (m), direction in which J4 is positive: away from the midline
_FINGERS = (("FF", (0.033, 0.0, 0.095), -1), ("MF", (0.011, 0.0, 0.099), -1), ("RF", (-0.011, 0.0, 0.095), 1))
_LITTLE = ("LF", (-0.017, 0.0, 0.044), 1)
_NEIGHBOURS = (
    *((f"{finger}proximal", "palm") for finger in ("ff", "mf", "rf", "th")),
    ("lfproximal", "lfmetacarpal"),
    ("lfproximal", "palm"),
    ("thproximal", "thmiddle"),
    ("thmiddle", "palm"),
    ("wrist", "forearm"),
    ("palm", "forearm"),
)  # that are no parent and child, which never collide anyway


class _Builder:
    """Writes MJCF; `mirror` is -1 for the left hand."""

    def __init__(self, side: Side) -> None:
        self.mirror = 1 if side == "right" else -1

    def place(self, xyz: Sequence[float]) -> str:
        return _text((self.mirror * xyz[0], xyz[1], xyz[2]))

    def axis(self, xyz: Sequence[float]) -> str:
        """A mirrored turn: its axis is a pseudo-vector."""
        return _text((xyz[0], self.mirror * xyz[1], self.mirror * xyz[2]))

    def body(
        self, parent: ET.Element, name: str, pos: Sequence[float], mass: float, at: Sequence[float] = (0, 0, 0.012),
        inertia: float = 1e-5, turn: Sequence[float] = (0, 0, 0),
    ) -> ET.Element:  # fmt: skip
        body = ET.SubElement(parent, "body", name=name, pos=self.place(pos), euler=self.axis(turn))
        ET.SubElement(body, "inertial", mass=f"{mass}", pos=self.place(at), diaginertia=_text((inertia,) * 3))
        return body

    def joint(self, body: ET.Element, name: str, axis: Sequence[float]) -> None:
        kind = "wrist" if name.startswith("WR") else "finger"
        ET.SubElement(body, "joint", {"name": name, "class": kind, "axis": self.axis(axis), "range": _text(RANGES_RAD[name])})

    def mesh(
        self, body: ET.Element, name: str, mesh: str, pos: Sequence[float] = (0, 0, 0), turn: Sequence[float] = (0, 0, 0)
    ) -> None:
        place = {"pos": self.place(pos), "euler": self.axis(turn)}
        ET.SubElement(body, "geom", {"class": "visual", "name": f"V_{name}", "mesh": mesh, **place})

    def solid(self, body: ET.Element, name: str, kind: str, size: Sequence[float], pos: Sequence[float], **more: str) -> None:
        shape = {"type": kind, "size": _text(size), "pos": self.place(pos)}
        ET.SubElement(body, "geom", {"class": "collision", "name": f"C_{name}", **shape, **more})

    def tip(self, body: ET.Element, name: str, height: float, touch: Sequence[float], at: Sequence[float]) -> None:
        """The fingertip, and the pad that feels."""
        ET.SubElement(body, "site", name=f"{name}tip", pos=_text((0, 0, height)))
        ET.SubElement(body, "site", name=f"{name}pad", type="box", size=_text(touch), pos=self.place(at))

    def finger(self, parent: ET.Element, name: str, pos: Sequence[float], spread: int) -> None:
        low = name.lower()
        knuckle = self.body(parent, f"{low}knuckle", pos, 0.008, (0, 0, 0))
        self.joint(knuckle, f"{name}J4", (0, spread, 0))
        self.mesh(knuckle, f"{low}knuckle", "knuckle")
        body = self.body(knuckle, f"{low}proximal", (0, 0, 0), 0.014, (0, 0, 0.023))
        self.joint(body, f"{name}J3", (1, 0, 0))
        self.mesh(body, f"{low}proximal", "F3")
        self.solid(body, f"{low}proximal", "capsule", (0.01, 0.0225), (0, 0, 0.0225))
        body = self.body(body, f"{low}middle", (0, 0, 0.045), 0.012)
        self.joint(body, f"{name}J2", (1, 0, 0))
        self.mesh(body, f"{low}middle", "F2")
        self.solid(body, f"{low}middle", "capsule", (0.00805, 0.0125), (0, 0, 0.0125))
        body = self.body(body, f"{low}distal", (0, 0, 0.025), 0.01, (0, 0, 0.015))
        self.joint(body, f"{name}J1", (1, 0, 0))
        self.mesh(body, f"{low}distal", "F1", (0, 0, 0.001))
        self.solid(body, f"{low}distal", "capsule", (0.00705, 0.012), (0, 0, 0.012), condim="4")
        self.tip(body, name, 0.026, (0.009, 0.004, 0.013), (0, -0.004, 0.018))

    def thumb(self, palm: ET.Element) -> None:
        base = self.body(palm, "thbase", (0.034, -0.009, 0.029), 0.01, (0, 0, 0), turn=(0, 0.785, 0))
        self.joint(base, "THJ5", (0, 0, -1))
        body = self.body(base, "thproximal", (0, 0, 0), 0.016, (0, 0, 0.017))
        self.joint(body, "THJ4", (1, 0, 0))
        self.mesh(body, "thproximal", "TH3_z")
        self.solid(body, "thproximal", "capsule", (0.013, 0.019), (0, 0, 0.019))
        hub = self.body(body, "thhub", (0, 0, 0.038), 0.002, (0, 0, 0))
        self.joint(hub, "THJ3", (1, 0, 0))
        body = self.body(hub, "thmiddle", (0, 0, 0), 0.016, (0, 0, 0.016))
        self.joint(body, "THJ2", (0, -1, 0))
        self.mesh(body, "thmiddle", "TH2_z")
        self.solid(body, "thmiddle", "capsule", (0.011, 0.016), (0, 0, 0.016))
        body = self.body(body, "thdistal", (0, 0, 0.032), 0.016, (0, 0, 0.016))
        self.joint(body, "THJ1", (0, -1, 0))
        self.mesh(body, "thdistal", "TH1_z")
        self.solid(body, "thdistal", "capsule", (0.00918, 0.013), (0, 0, 0.013), condim="4")
        self.tip(body, "TH", 0.0275, (0.005, 0.011, 0.016), (-0.005, 0, 0.02))

    def hand(self, world: ET.Element) -> None:
        forearm = self.body(world, "forearm", (0, 0, 0), 4.0, (0, 0, 0.09), 0.01)
        self.mesh(forearm, "forearm", "forearm", (0, 0.01, 0.04), (0, 0, 1.57))
        self.solid(forearm, "forearm", "capsule", (0.035, 0.06), (0, 0.01, 0.12))
        wrist = self.body(forearm, "wrist", (0, 0, WRIST_M), 0.3, (0.003, 0, 0.016), 0.001)
        self.joint(wrist, "WRJ2", (0, 1, 0))
        self.mesh(wrist, "wrist", "wrist")
        self.solid(wrist, "wrist", "capsule", (0.015, 0.01), (0, 0, 0), euler=_text((1.5708, 0, 0)))
        palm = self.body(wrist, "palm", (0, 0, 0.034), 0.3, (0.006, 0, 0.036), 0.001)
        self.joint(palm, "WRJ1", (1, 0, 0))
        self.mesh(palm, "palm", "palm")
        self.solid(palm, "palm0", "box", (0.032, 0.0111, 0.049), (0.011, 0, 0.038))
        self.solid(palm, "palm1", "box", (0.011, 0.0111, 0.025), (-0.032, 0, 0.014))
        for finger in _FINGERS:
            self.finger(palm, *finger)
        arch = self.body(palm, "lfmetacarpal", (-0.017, 0, 0.044), 0.075, (-0.014, 0.001, 0.014))
        self.joint(arch, "LFJ5", (0.571, 0, 0.821))
        self.mesh(arch, "lfmetacarpal", "lfmetacarpal", (-0.016, 0, -0.023))
        self.solid(arch, "lfmetacarpal", "box", (0.0095, 0.0111, 0.025), (-0.0165, 0, 0.01))
        self.finger(arch, *_LITTLE)
        self.thumb(palm)


def hand_mjcf(side: Side = "right", morphology: Morphology = "shadow") -> ET.Element:
    """The hand alone as MJCF, for others to add a scene to.

    morphology: "shadow", or "adroit" for the right hand of `adroit`, whose joints are named, ordered and signed as the Shadow
    Hand's, in the ranges that both reach. Raises ConfigError for another side or morphology.
    """
    if side not in ("right", "left"):
        raise ConfigError(f'the side of a hand is "right" or "left", not {side!r}')
    if morphology not in ("shadow", "adroit"):
        raise ConfigError(f'the morphology of a hand is "shadow" or "adroit", not {morphology!r}')
    if (side, morphology) == ("left", "adroit"):
        raise ConfigError('the Adroit hand is a right one: give side="right"')
    builder = _Builder(side)
    root = ET.Element("mujoco", model=f"{side}_{morphology}_hand")
    ET.SubElement(root, "compiler", angle="radian", autolimits="true")
    ET.SubElement(root, "option", timestep=f"{TIMESTEP_S}", iterations="20", gravity="0 0 0", integrator="implicitfast")
    default = ET.SubElement(root, "default")
    for name, part in (
        ("finger", {"joint": {"damping": "0.1", "armature": "0.001", "frictionloss": "0.001"}}),
        ("wrist", {"joint": {"damping": "0.5", "armature": "0.005", "frictionloss": "0.001"}}),
        ("visual", {"geom": {"type": "mesh", "contype": "0", "conaffinity": "0", "group": f"{VISUAL_GROUP}"}}),
        ("collision", {"geom": {"group": f"{COLLISION_GROUP}", "friction": "1 0.005 0.001"}}),
    ):
        kind = ET.SubElement(default, "default", {"class": name})
        for tag, attributes in part.items():
            ET.SubElement(kind, tag, attributes)
    asset = ET.SubElement(root, "asset")
    scale = (builder.mirror * 0.001, 0.001, 0.001)
    for mesh in MESHES:
        ET.SubElement(asset, "mesh", name=mesh, file=f"{mesh}.stl", scale=_text(scale))
    forearm = FOREARM if morphology == "shadow" else adroit.FOREARM
    ET.SubElement(asset, "mesh", name="forearm", file=f"{forearm}.stl", scale=_text((builder.mirror, 1, 1)))
    world = ET.SubElement(root, "worldbody")
    if morphology == "shadow":
        builder.hand(world)
    else:
        world.append(adroit.adroit_forearm(ASSETS, WRIST_M))
    contact = ET.SubElement(root, "contact")
    for one, other in _NEIGHBOURS:
        ET.SubElement(contact, "exclude", body1=one, body2=other)
    ranges = {joint.get("name"): joint.attrib["range"] for joint in world.iter("joint")}
    actuator, sensor = ET.SubElement(root, "actuator"), ET.SubElement(root, "sensor")
    for joint in JOINTS:
        kp, force = (WRIST_KP, 10.0) if joint.startswith("WR") else (FINGER_KP, 3.0)
        limits = {"ctrlrange": ranges[joint], "forcerange": _text((-force, force))}
        ET.SubElement(actuator, "position", {"name": joint, "joint": joint, "kp": f"{kp}", **limits})
    for finger in ("FF", "MF", "RF", "LF", "TH"):
        ET.SubElement(sensor, "touch", name=f"{finger}touch", site=f"{finger}pad")
    return root


def compile_mjcf(root: ET.Element) -> Any:
    """The `MjModel` of what `hand_mjcf` gave, with or without a scene around it."""
    return mujoco.MjModel.from_xml_string(ET.tostring(root, encoding="unicode"), _assets())


@cache
def _assets() -> dict[str, bytes]:
    return {f"{name}.stl": (ASSETS / f"{name}.stl").read_bytes() for name in (*MESHES, FOREARM, adroit.FOREARM)}


def _text(values: Sequence[float]) -> str:
    return " ".join(f"{value:.9g}" for value in values)
