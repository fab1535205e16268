"""Where an endpoint is and the key that it is sent, checked before anything is."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from enactive.errors import ConfigError

from .secret import Secret

KEY_VARIABLE = "OPENAI_API_KEY"
SHORTEST_KEY = 8  # letters; a shorter key could not be told from a word of an answer


def check_address(url: str) -> None:
    """Raises ConfigError for an address that is none, or that may hold a secret; it is not repeated, for it may be a key."""
    if any(sign in url for sign in "@?#"):
        raise ConfigError("an endpoint's address must not hold a user, a password or a query: keys come from the environment")
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, or a port that is no number
        known = False
    if not known:
        form = "it begins with http:// or https:// and names a host, as 'http://localhost:8000/v1' does"
        raise ConfigError(f"that is no address of an endpoint: {form}")


def check_keyless(text: str, variable: str | None) -> None:
    """Raises ConfigError for an address or a name with a key in it, be it the one in a variable or that of hosted services."""
    for known in dict.fromkeys((variable, KEY_VARIABLE)):
        key = os.environ.get(known, "").strip() if known else ""
        if len(key) >= SHORTEST_KEY and Secret(key).told_by(text):
            raise ConfigError(f"the address or the model's name holds the key in {known}: leave it out")


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
