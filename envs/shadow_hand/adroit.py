"""The Adroit hand in the terms of the Shadow Hand: the same 24 names, order, signs and zeros.

The file is `adroit_hand/adroit_model.xml` of gymnasium-robotics 1.4.2, the forearm that of its `adroit_relocate.xml` (Vikash
Kumar, Apache-2.0; `assets/LICENSE.md`). Adroit drives the skeleton of a Shadow Hand in its own way: from the wrist on the two
files have the same parts, meshes and places, to 0.1 micrometres at the fingertips (one mesh, the end of the middle finger, sits
1 mm lower here). What differs is the forearm, how the joints are counted, which way some of them turn, and how far they go.
Servos, damping and what collides are as in `model`.

Adroit counts the joints of a finger from 0 at its tip, Shadow from 1. Both are at zero where the fingers are straight, so that
no joint has an offset. Adroit measures J3 of a finger along the same axis for all of them, Shadow towards the midline, and
bends the end of the thumb to the negative side.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .joints import JOINTS, RANGES_RAD

FILE, FOREARM = "adroit_model.xml", "forearm_simple"
WRIST_M = 0.396  # height of the wrist above the origin of the forearm; 0.256 in the Shadow Hand
_OPPOSITE = ("FFJ4", "MFJ4", "THJ2", "THJ1")
CORRESPONDENCE: Mapping[str, tuple[str, int]] = {
    joint: (f"{joint[:3]}{int(joint[3]) - 1}", -1 if joint in _OPPOSITE else 1) for joint in JOINTS
}
"""Shadow's joint: Adroit's joint, and the sign of its angle. Both hands have them in the same order."""


def adroit_forearm(assets: Path, wrist_m: float) -> ET.Element:
    """The body "forearm" with all that hangs on it, its wrist `wrist_m` above the world's origin, for `model.hand_mjcf`.

    assets: folder of the file. Joints have Shadow's names and signs, and the ranges that both hands reach. Classes, the sites
    of the fingertips and those of their pads are called as in the model of the Shadow Hand; other pads are left out.
    """
    forearm = ET.Element("body", name="forearm", pos=f"0 0 {wrist_m - WRIST_M:.9g}")
    ET.SubElement(forearm, "inertial", mass="4", pos="0 0 0.29", diaginertia="0.01 0.01 0.01")
    place = {"pos": "0 -0.01 0.181", "euler": "0 0 -1.57"}
    ET.SubElement(forearm, "geom", {"class": "visual", "name": "V_forearm", "mesh": "forearm", **place})
    solid = {"name": "C_forearm", "type": "capsule", "size": "0.05 0.033", "pos": "0 0 0.29"}
    ET.SubElement(forearm, "geom", {"class": "collision", **solid})
    forearm.extend(ET.parse(assets / FILE).getroot())
    for body in list(forearm.iter("body"))[1:]:
        for part in list(body):
            if _is_left_out(part):
                body.remove(part)
            elif part.tag != "body":
                _translate(part)
    return forearm


def _is_left_out(part: ET.Element) -> bool:
    """Pads but those of the fingertips, the place to grasp at, and the specks that give two bodies of the thumb a geometry."""
    if part.tag == "site":
        return not part.attrib["name"].endswith("tip")
    return part.tag == "geom" and "class" not in part.attrib


def _translate(part: ET.Element) -> None:
    """Say a joint, a geometry or a site in the words of the Shadow Hand's model."""
    if part.tag == "joint":
        _turn(part)
    elif part.tag == "geom":
        part.set("class", {"D_Vizual": "visual", "DC_Hand": "collision"}[part.attrib["class"]])
        part.attrib.pop("rgba", None)
    elif part.tag == "site":  # S_fftip is the tip, Tch_fftip the pad, whose kind and usual size come from its class
        kind, name = part.attrib["name"].split("_")
        part.set("name", name[:2].upper() + {"S": "tip", "Tch": "pad"}[kind])
        if part.attrib.pop("class", None):
            part.attrib.update({"type": "box", "size": part.get("size", "0.009 0.004 0.013")})


def _turn(joint: ET.Element) -> None:
    """Give a joint Shadow's name and sign, and the range that both hands reach."""
    name, sign = next((mine, sign) for mine, (theirs, sign) in CORRESPONDENCE.items() if theirs == joint.attrib["name"])
    axis, limits = (sign * np.array(joint.attrib[key].split(), dtype=float) for key in ("axis", "range"))
    reached = np.clip(np.sort(limits), *RANGES_RAD[name])
    kind = "wrist" if name.startswith("WR") else "finger"
    joint.attrib.update({"name": name, "class": kind, "axis": _text(axis), "range": _text(reached)})
    del joint.attrib["user"]


def _text(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value + 0.0:.9g}" for value in values)  # no negative zero
