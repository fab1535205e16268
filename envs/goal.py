"""What a person can ask for, and the reading of a typed sentence into it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ObjectGoal:
    """Any instance of a category: `ObjectGoal("mug")`."""

    category: str

    def __str__(self) -> str:
        return f"find a {self.category}"


@dataclass(frozen=True, slots=True, eq=False)
class ImageGoal:
    """The one instance that the picture shows. image: (H, W, 3) uint8 RGB."""

    image: NDArray[np.uint8]

    def __str__(self) -> str:
        return f"what the {self.image.shape[1]}x{self.image.shape[0]} picture shows"


@dataclass(frozen=True, slots=True)
class TextGoal:
    """The one instance that a description tells from its distractors: `TextGoal("the red mug on the kitchen counter")`."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class TaskGoal:
    """A household task in words: `TaskGoal("put a clean mug on the coffee table")`."""

    instruction: str

    def __str__(self) -> str:
        return self.instruction


@dataclass(frozen=True, slots=True, eq=False)
class PoseGoal:
    """A place to be at. T_world_goal: (4, 4) float64; radius_m: how near is near enough."""

    T_world_goal: NDArray[np.float64]
    radius_m: float = 0.25

    def __str__(self) -> str:
        x, y = self.T_world_goal[:2, 3]
        return f"go to ({x:.2f}, {y:.2f})"


Goal = ObjectGoal | ImageGoal | TextGoal | TaskGoal | PoseGoal
