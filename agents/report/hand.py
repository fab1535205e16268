"""The report's section on a pose that was copied: target, prediction and outcome, joint by joint and finger by finger."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enactive.agents.episode import Step
from enactive.envs.shadow_hand.joints import FINGERS, JOINTS
from enactive.envs.shadow_hand.picture_file import true_joints_rad
from enactive.envs.shadow_hand.poses import PoseMaker
from enactive.perception import Belief
from enactive.planners import MatchPose

from .pictures import data_uri

_FINGER_NAMES = dict(zip(FINGERS, ("first finger", "middle finger", "ring finger", "little finger", "thumb"), strict=True))


def hand_section(steps: Sequence[Step], belief: Belief, goal_image: Path | None) -> str:
    """HTML, empty where no picture of a pose was copied. goal_image: file of the picture, which may know the true angles.

    What the controller asked for last, before the guard, is its prediction once it asks for the same again; on the way there
    it is the last command, and is called that.
    """
    picture = next((step.intent.image for step in steps if isinstance(step.intent, MatchPose)), None)
    asked = [(step.requested or step.action).values[0] for step in steps if step.action is not None]
    reached = belief.observation.joint_positions_rad
    if picture is None or not asked or reached is None or reached.shape != (len(JOINTS),):
        return ""
    predicted, reached = asked[-1], np.asarray(reached)
    name = "prediction" if len(asked) > 1 and np.allclose(asked[-2], predicted, rtol=0.0, atol=1e-9) else "last command"
    truth = None if goal_image is None else true_joints_rad(goal_image)
    camera = next(iter(belief.observation.cameras.values()), None)
    shown = [("target", picture)] + ([("the hand at the end", camera.rgb)] if camera is not None else [])
    cards = "".join(f"<figure><img src='{data_uri(rgb)}'><figcaption>{words}</figcaption></figure>" for words, rgb in shown)
    note = (
        "" if truth is not None else "<p class='note'>The picture does not say what its angles are: no errors of reading.</p>"
    )
    tables = _fingers(name, predicted, reached, truth) + _joints(name, predicted, reached, truth)
    return f"<div class='cards'>{cards}</div>{note}{tables}"


def _fingers(name: str, predicted: NDArray[np.float64], reached: NDArray[np.float64], truth: NDArray[np.float64] | None) -> str:
    tips = PoseMaker().fingertips(np.stack([predicted, reached, predicted if truth is None else truth]))
    rows = []
    for index, finger in enumerate(_FINGER_NAMES.values()):
        read, moved, both = (1e3 * np.linalg.norm(tips[a, index] - tips[b, index]) for a, b in ((0, 2), (1, 0), (1, 2)))
        cells = f"<td>{moved:.1f}</td>" + ("" if truth is None else f"<td>{read:.1f}</td><td>{both:.1f}</td>")
        rows.append(f"<tr><td>{finger}</td>{cells}</tr>")
    head = f"<th>fingertip</th><th>hand to {name}, mm</th>"
    head += "" if truth is None else f"<th>{name} to target, mm</th><th>hand to target, mm</th>"
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"


def _joints(name: str, predicted: NDArray[np.float64], reached: NDArray[np.float64], truth: NDArray[np.float64] | None) -> str:
    rows = []
    for index, joint in enumerate(JOINTS):
        values = [predicted[index], reached[index]]
        if truth is not None:
            values = [truth[index], *values, predicted[index] - truth[index]]
        rows.append(f"<tr><td>{joint}</td>" + "".join(f"<td>{np.rad2deg(v):.1f}</td>" for v in values) + "</tr>")
    titles = [name, "hand at the end"]
    if truth is not None:
        titles = ["target", *titles, f"error of the {name}"]
    head = "<th>joint</th>" + "".join(f"<th>{title}, degrees</th>" for title in titles)
    return f"<details><summary>Every joint</summary><table><tr>{head}</tr>{''.join(rows)}</table></details>"
