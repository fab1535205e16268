"""The words that a request to find something opens with, for those who read one: parts of regular expressions."""

from __future__ import annotations

POLITE = "please|hey|now|then|just|can you|could you|would you|will you|help me|try to|go and"
MOVING = "go|navigate|walk|drive|move|head|return|take me|bring me"  # before "to" a place or a thing
SEEKING = (
    "find|look for|looking for|search for|locate|spot|seek|approach|enter|show me|where is|where are|where's"
    "|there is|there are|there's|i need|i want"
)
