"""What comes of an interaction, and the reasons why it may fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ErrorCode = Literal[
    "unknown_object",
    "not_visible",
    "too_far",
    "hand_full",
    "hand_empty",
    "cannot_be_picked_up",
    "not_a_receptacle",
    "no_room",
    "closed",
    "not_openable",
    "already_open",
    "already_closed",
    "blocked",
    "not_closed",
    "not_switchable",
    "already_on",
    "already_off",
    "needs_knife",
    "cannot_be_sliced",
    "already_sliced",
]


@dataclass(frozen=True, slots=True)
class Feedback:
    """The outcome of an interaction. message: one sentence; error: "" where it succeeded.

    pixel_uv: (u, v) of the object that `Find` found in the picture.
    """

    ok: bool
    message: str
    error: ErrorCode | Literal[""] = ""
    pixel_uv: tuple[int, int] | None = None

    def as_info(self) -> dict[str, Any]:
        """Plain values for `info["feedback"]`: ok, error, message and, where there is one, pixel_uv."""
        plain: dict[str, Any] = {"ok": self.ok, "error": self.error, "message": self.message}
        return plain if self.pixel_uv is None else plain | {"pixel_uv": self.pixel_uv}


class Refusal(Exception):
    """Why a verb is not carried out; `apply_verb` turns it into feedback."""

    def __init__(self, error: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.error, self.message = error, message
