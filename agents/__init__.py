"""Acting: the loop that joins perception, planning and control, and everything around it."""

from .compat import check_compatibility
from .episode import Episode, Step
from .guard import Chain, EStop, Guard, Limits
from .loop import Agent, Recorder

__all__ = ["Agent", "Chain", "EStop", "Episode", "Guard", "Limits", "Recorder", "Step", "check_compatibility"]
