"""What everybody knows about which things stand in which rooms, as weights of votes for the kind of a room.

Written from general knowledge of homes: 3 = names the room by itself (a toilet), 1 = a good hint, 0.3 = a weak one. Things
that may be anywhere (a book, a lamp) are left out. A name that the table does not have is looked up by its last word.
"""

from __future__ import annotations

from collections.abc import Mapping

HINTS: Mapping[str, Mapping[float, str]] = {
    "kitchen": {
        3.0: "dishwasher, fridge, kitchen counter, kitchen island, oven, refrigerator, stove",
        2.0: "microwave, range hood",
        1.5: "coffee machine, counter, hood, toaster",
        1.0: "blender, cutting board, kettle, pan, wall cabinet",
        0.7: "ladle, pot, spatula",
        0.6: "sink",
        0.5: "bread, egg, knife, potato",
        0.4: "cabinet, dining table",
        0.3: "bowl, pepper mill, plate, salt shaker, soap bottle",
        0.2: "dining chair, fork, spoon",
        0.05: "chair",
    },
    "living room": {
        3.0: "couch, sofa",
        2.5: "coffee table",
        2.0: "fireplace, tv stand",
        1.5: "piano, television, tv",
        1.0: "armchair",
        0.7: "remote control",
        0.5: "bookshelf, game console, side table, speaker",
        0.3: "pillow, sideboard",
        0.2: "blanket, cabinet",
    },
    "bedroom": {
        3.0: "bed",
        2.0: "nightstand",
        1.5: "wardrobe",
        1.2: "dresser",
        1.0: "alarm clock",
        0.8: "vanity",
        0.7: "teddy bear",
        0.6: "desk",
        0.5: "blanket",
        0.4: "clothes rack, pillow",
        0.3: "mirror, side table, television, tv",
        0.2: "armchair, bookshelf, office chair",
        0.1: "laptop, shoe",
    },
    "bathroom": {
        3.0: "bathtub, shower, toilet",
        1.5: "bath mat, toilet paper, towel rack, washbasin",
        1.2: "toothbrush, toothpaste",
        1.0: "plunger, shampoo",
        0.8: "sink, soap bar, towel, vanity",
        0.6: "hair dryer, soap",
        0.5: "soap bottle, washing machine",
        0.4: "laundry basket, mirror",
    },
    "dining room": {
        2.5: "dining table",
        1.0: "china cabinet, sideboard",
        0.8: "dining chair",
        0.7: "chandelier",
        0.3: "bowl, fork, pepper mill, plate, salt shaker, wine bottle",
        0.2: "candle, knife, spoon",
        0.15: "chair",
    },
    "office": {
        2.0: "desk, office chair",
        1.5: "filing cabinet, printer",
        1.0: "computer, monitor",
        0.7: "computer mouse, keyboard, stapler",
        0.6: "bookshelf",
        0.4: "globe, laptop",
        0.3: "notebook, pen",
        0.1: "armchair",
    },
    "hallway": {
        2.0: "coat rack, shoe rack",
        1.5: "umbrella stand",
        1.2: "console table",
        1.0: "doormat",
        0.8: "umbrella",
        0.5: "bench",
        0.4: "shoe",
        0.3: "key, mirror",
        0.2: "wardrobe",
        0.1: "dresser",
    },
    "laundry room": {
        2.5: "dryer, washer, washing machine",
        2.0: "ironing board",
        1.5: "drying rack",
        1.0: "detergent, iron, laundry basket",
        0.7: "clothes rack",
        0.5: "mop",
        0.4: "broom, bucket",
        0.3: "sink",
        0.2: "towel",
    },
}
ROOM_KINDS = tuple(HINTS)
BY_ITSELF = 2.0


def _by_thing() -> dict[str, dict[str, float]]:
    table: dict[str, dict[str, float]] = {}
    for kind, hints in HINTS.items():
        for weight, things in hints.items():
            for thing in things.split(", "):
                table.setdefault(thing, {})[kind] = weight
    return table


VOTES: Mapping[str, Mapping[str, float]] = _by_thing()


def votes_of(name: str) -> Mapping[str, float]:
    """Room kinds that a thing speaks for, with weights; empty where it speaks for none."""
    return VOTES.get(name) or VOTES.get(name.rpartition(" ")[2]) or {}


def shows(name: str, room: str) -> bool:
    """Whether a thing of a name shows by itself which kind of room it stands in: where a toilet is, there is the bathroom."""
    return votes_of(name).get(room, 0.0) >= BY_ITSELF
