"""Where an endpoint is and the key that it is sent, checked before anything is."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from enactive.errors import ConfigError

KEY_VARIABLE = "OPENAI_API_KEY"
SHORTEST_KEY = 8  # letters; a shorter key could not be told from a word of an answer


def check_address(url: str) -> None:
    """Raises ConfigError for an address that is none, or that may hold a secret, which is then not repeated."""
    if any(sign in url for sign in "@?#"):
        raise ConfigError("an endpoint's address must not hold a user, a password or a query: keys come from the environment")
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, or a port that is no number
        known = False
    if not known:
        raise ConfigError(f"{url!r} is no address of an endpoint: write for example 'http://localhost:8000/v1'")


def key_of(variable: str | None, url: str) -> str:
    """The key in an environment variable, "" where the endpoint is sent none.

    Raises ConfigError where an endpoint that needs one has none, and for a key that no header could carry, or so short that
    it could not be taken out of what is said.
    """
    key = os.environ.get(variable, "").strip() if variable else ""
    if key and len(key) < SHORTEST_KEY:
        raise ConfigError(f"the key in {variable} is shorter than {SHORTEST_KEY} letters: give the server one that is no word")
    if not all("!" <= letter <= "~" for letter in key):
        raise ConfigError(f"the key in {variable} has a space, a line break or a letter beyond ASCII: copy it anew")
    if not key and variable and not _is_here(urlsplit(url).hostname or ""):
        raise ConfigError(f"{url} needs a key: put it into the environment variable {variable}")
    return key


def _is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
