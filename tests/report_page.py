"""`report.html` read back: the elements of each section, the pictures decoded, nothing looked for by grep."""

from __future__ import annotations

import base64
import io
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VOID = {"meta", "img", "br"}  # what HTML never closes


class _Tree(HTMLParser):
    """Builds elements; names of tags and attributes are in lower case. An element that is not closed fails at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        self.builder.end(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def read_page(path: Path) -> Element:
    """The root element, <html>."""
    tree = _Tree()
    tree.feed(path.read_text(encoding="utf-8"))
    tree.close()
    return tree.builder.close()


def section(page: Element, title: str) -> Element:
    """The section under a heading. Fails where there is none, or more than one."""
    (found,) = [each for each in page.iter("section") if each.findtext("h2") == title]
    return found


def words(element: Element) -> str:
    """All of its text."""
    return "".join(element.itertext())


def data_of(address: str) -> bytes:
    """What a data: address holds."""
    kind, comma, encoded = address.partition(";base64,")
    assert kind.startswith("data:"), address[:40]
    assert comma
    return base64.b64decode(encoded, validate=True)


def picture_of(address: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 of a data: address."""
    with Image.open(io.BytesIO(data_of(address))) as picture:
        return np.asarray(picture.convert("RGB"))
