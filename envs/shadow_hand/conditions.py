"""Under what a reader of the hand is judged: the conditions that held-out pictures are made in, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from .look import Randomisation
from .model import Morphology, Side
from .poses import Method
from .views import HandViews, Split

EVERYTHING, NOTHING = Randomisation(), Randomisation.none()


@dataclass(frozen=True, slots=True)
class Condition:
    """How pictures come about; each field as in `HandViews`. Conditions of one `method` and one `posed` show the same poses."""

    parts: Randomisation = EVERYTHING
    method: Method | None = None
    side: Side = "right"
    pixels: tuple[int, int] = (224, 224)
    morphology: Morphology = "shadow"
    posed: Morphology = "shadow"

    def views(self, split: Split) -> HandViews:
        """The pictures of a split; close them. Raises ConfigError for a split that does not exist."""
        return HandViews(split, 0, self.parts, self.method, self.side, *self.pixels, self.morphology, self.posed)

    def same_poses(self, other: Condition) -> bool:
        """Whether picture by picture both show one pose."""
        return (self.method, self.posed) == (other.method, other.posed)


_PARTS = [part.name for part in fields(Randomisation) if getattr(EVERYTHING, part.name)]
_USUAL = {
    "randomised": Condition(),
    "clean": Condition(NOTHING),
    "occluded": Condition(replace(EVERYTHING, occluders=True)),
    "640x480": Condition(pixels=(640, 480)),
    "adroit": Condition(morphology="adroit", posed="adroit"),
    **{f"without-{part}": Condition(replace(EVERYTHING, **{part: False})) for part in _PARTS},
}
CONDITIONS: Mapping[str, Condition] = {
    **_USUAL,
    "only-occluders": Condition(replace(NOTHING, occluders=True)),
    **{f"only-{part}": Condition(replace(NOTHING, **{part: True})) for part in _PARTS},
    "adroit-poses": Condition(posed="adroit"),
    "settled": Condition(method="settle"),
    "left": Condition(side="left"),
}
"""All randomisations but occluders (`randomised`) or none (`clean`), one less or one more of them; things before the hand;
another camera; the Adroit hand, and the Shadow Hand in its poses; poses by physics alone; the left hand."""
USUAL: tuple[str, ...] = tuple(_USUAL)
"""Those that are judged where none are named."""
