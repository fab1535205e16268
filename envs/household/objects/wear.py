"""What people wear and carry: hat, shoe, bags, umbrella, glasses, watch, key, wallet."""

from __future__ import annotations

import numpy as np

from ..meshes import box, cylinder, extrude, lathe, limb, move, scale, sphere, turn
from ..model import Asset, Kind, Material, Mesh, Skill
from .craft import (
    DARK,
    PAPER,
    STEEL,
    WOOD,
    accent,
    along_x,
    band,
    bar,
    disc,
    finish,
    hoop,
    paint,
    part,
    puff,
    solid,
    tint,
    upright,
)

ABOUT = {"bed": 2.0, "dresser": 2.0, "wardrobe": 1.5, "chair": 1.0, "sofa": 1.0, "bench": 1.5}
TAKE: frozenset[Skill] = frozenset({"pickup"})


def hat(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A crown with a wide brim and a ribbon, a cap with a peak, or a woollen one with a bobble."""
    look, trim = paint(colour, material), accent(colour, "black", "white")
    if shape == "wide":
        body = solid([(0.19, 0.0), (0.195, 0.012), (0.1, 0.018), (0.092, 0.11), (0.06, 0.12)], 14)
        return finish(
            ("hat", colour, material, shape), rng, [part(look, body), part(trim, band(0.101, 0.018, 0.048, 14, 0.098))]
        )
    if shape == "peaked":
        dome = solid([(0.1, 0), (0.098, 0.05), (0.07, 0.1), (0.02, 0.115)], 12)
        peak = move(puff((0.19, 0.16, 0.014), 0.8, 10, 4), (0.085, 0, 0))
        return finish(
            ("hat", colour, material, shape),
            rng,
            [
                part(look, dome, peak),
                part(trim, solid([(0.014, 0.112), (0.012, 0.124)], 6), box((0.01, 0.06, 0.035), (0.098, 0, 0.045))),
            ],
        )
    dome = solid([(0.098, 0.0), (0.1, 0.06), (0.095, 0.1), (0.06, 0.15), (0.02, 0.17)], 12)
    cuff = lathe([(0.1, 0), (0.108, 0.01), (0.108, 0.05), (0.1, 0.058)], 12)
    return finish(
        ("hat", colour, material, shape),
        rng,
        [part(look, dome), part(accent(colour, "white", "red"), cuff, move(sphere(0.034, 8), (0, 0, 0.19)))],
    )


def shoe(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A pair: low shoes with laces, high boots, or shoes with heels."""
    look = paint(colour, material)
    bodies: list[Mesh] = []
    soles: list[Mesh] = []
    marks: list[Mesh] = []
    for side in (-1.0, 1.0):
        y = side * 0.06
        foot = _sole(0.27, 0.088)
        if shape == "heeled":
            low = [(-0.11, 0.075), (0.06, 0.018), (0.14, 0.012), (0.13, 0.035), (0.06, 0.05)]
            back = [(-0.115, 0.08), (0.06, 0.02), (0.06, 0.05), (-0.06, 0.1), (-0.115, 0.125)]
            for outline in (low[1:], back):
                bodies.append(move(upright(extrude(outline, 0.066)), (0, y + 0.033, 0)))
            soles.append(bar((-0.095, y, 0.0), (-0.1, y, 0.08), 0.012, 5))
            soles.append(box((0.1, 0.068, 0.014), (0.085, y, 0.007)))
            continue
        soles.append(move(extrude(foot, 0.024), (0, y, 0)))
        bodies.append(move(puff((0.255, 0.08, 0.088), 0.62, 8, 4), (0.0, y, 0.012)))
        if shape == "high":
            bodies.append(move(solid([(0.05, 0.03), (0.047, 0.2), (0.054, 0.24)], 8), (-0.065, y, 0)))
            marks.append(move(band(0.0555, 0.21, 0.238, 8), (-0.065, y, 0)))
        else:
            bodies.append(move(solid([(0.046, 0.05), (0.042, 0.115)], 8), (-0.06, y, 0)))
            marks += [
                move(turn(box((0.012, 0.056, 0.008)), 0.35, (0, 1, 0)), (x, y, 0.112 - 0.28 * x)) for x in (-0.004, 0.028, 0.06)
            ]
            marks.append(move(disc(0.03, 0.1165, 6), (-0.06, y, 0)))
    parts = [part(look, *bodies), part(accent(colour, "white", "black") if shape != "heeled" else DARK, *soles)]
    if marks:
        parts.append(part(accent(colour, "white", "black"), *marks))
    return finish(("shoe", colour, material, shape), rng, parts)


def _sole(length: float, width: float) -> list[tuple[float, float]]:
    """The outline of a foot."""
    return [
        (-0.5 * length, -0.25 * width),
        (-0.35 * length, -0.42 * width),
        (0.2 * length, -0.5 * width),
        (0.45 * length, -0.3 * width),
        (0.5 * length, 0.0),
        (0.45 * length, 0.3 * width),
        (0.2 * length, 0.5 * width),
        (-0.35 * length, 0.42 * width),
        (-0.5 * length, 0.25 * width),
    ]


def handbag(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A trapezium with a flap, a clasp and a bow to carry it by."""
    look, gold = paint(colour, material), tint((0.82, 0.65, 0.25), "metal")
    w, h = {"wide": (0.32, 0.2), "tall": (0.26, 0.27)}[shape]
    outline = [(-0.5 * w, 0), (0.5 * w, 0), (0.38 * w, h), (-0.38 * w, h)]
    body = move(turn(upright(extrude(outline, 0.13)), np.pi / 2), (-0.065, 0, 0))
    flap = move(
        turn(
            upright(
                extrude(
                    [
                        (-0.40 * w, 0.62 * h),
                        (-0.2 * w, 0.42 * h),
                        (0.2 * w, 0.42 * h),
                        (0.40 * w, 0.62 * h),
                        (0.38 * w, h),
                        (-0.38 * w, h),
                    ],
                    0.012,
                )
            ),
            np.pi / 2,
        ),
        (0.062, 0, 0),
    )
    bows = [move(hoop(0.2 * w, 0.55 * h, h - 0.01, 0.010, 6), (x, 0, 0)) for x in (-0.035, 0.035)]
    clasp = box((0.016, 0.04, 0.03), (0.076, 0, 0.44 * h))
    feet = [box((0.13, 0.03, 0.014), (0, s * 0.38 * w, 0.005)) for s in (-1, 1)]
    return finish(
        ("handbag", colour, material, shape),
        rng,
        [part(look, body), part(accent(colour, "brown", "black"), flap, *bows), part(gold, clasp, *feet)],
    )


def backpack(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """An upright sack with a front pocket, a flap, straps behind and a loop on top."""
    w, h = {"tall": (0.3, 0.44), "small": (0.26, 0.33)}[shape]
    body = puff((0.18, w, h), 0.4, 10, 5)
    pocket = move(puff((0.1, 0.76 * w, 0.42 * h), 0.35, 8, 4), (0.09, 0, 0.04 * h))
    lid = move(puff((0.21, 0.92 * w, 0.2 * h), 0.4, 8, 4), (0.01, 0, 0.83 * h))
    straps = [
        limb([(-0.08, s * 0.25 * w, 0.88 * h), (-0.14, s * 0.3 * w, 0.5 * h), (-0.08, s * 0.36 * w, 0.1 * h)], 0.018, 4)
        for s in (-1, 1)
    ]
    loop = hoop(0.05, 0.05, 1.0 * h, 0.009, 4)
    zips = [box((0.006, 0.5 * w, 0.012), (0.14, 0, 0.34 * h)), box((0.02, 0.025, 0.09 * h), (0.105, 0, 0.78 * h))]
    trim = accent(colour, "black", "grey")
    return finish(
        ("backpack", colour, material, shape),
        rng,
        [
            part(paint(colour, material), body, pocket),
            part(trim, *straps, loop, lid),
            part(accent(colour, "white", "yellow"), *zips),
        ],
    )


def suitcase(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A hard shell with grooves, wheels and a pulled-out bow, or a flat one with a grip."""
    look, dark = paint(colour, material), DARK if colour != "black" else Material((0.5, 0.5, 0.52))
    if shape == "upright":
        body = move(puff((0.22, 0.36, 0.5), 0.2, 12, 5), (0, 0, 0.04))
        ribs = [box((0.225, 0.014, 0.44), (0, y, 0.29)) for y in (-0.11, 0.0, 0.11)]
        wheels = [box((0.05, 0.03, 0.05), (x, y, 0.025)) for x in (-0.07, 0.07) for y in (-0.13, 0.13)]
        bow = [bar((-0.06, s * 0.09, 0.5), (-0.06, s * 0.09, 0.7), 0.008, 4) for s in (-1, 1)] + [
            box((0.03, 0.22, 0.03), (-0.06, 0, 0.705))
        ]
        return finish(("suitcase", colour, material, shape), rng, [part(look, body), part(dark, *ribs, *wheels, *bow)])
    body = box((0.14, 0.46, 0.32), (0, 0, 0.16))
    edges = [box((0.146, 0.022, 0.326), (0, y, 0.16)) for y in (-0.15, 0.15)] + [box((0.148, 0.466, 0.010), (0, 0, 0.16))]
    grip = hoop(0.06, 0.05, 0.315, 0.011, 4)
    return finish(
        ("suitcase", colour, material, shape), rng, [part(look, body), part(accent(colour, "brown", "black"), *edges, grip)]
    )


def umbrella(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Open on the ground like a dome with a hooked stick, or closed and lying."""
    look = paint(colour, material)
    if shape == "open":
        r = 0.42
        cover = lathe(
            [(r, 0.0), (0.8 * r, 0.15), (0.45 * r, 0.25), (0, 0.285), (0.44 * r, 0.24), (0.79 * r, 0.14), (r, 0.0)],
            8,
            smooth=False,
        )
        cover = move(cover, (0, 0, 0.02))
        rod = limb([(0, 0, 0.01), (0, 0, 0.34)], 0.009, 5)
        hook = limb([(0.07, 0, 0.03), (0.07, 0, 0.012), (0.035, 0, 0.01), (0, 0, 0.02)], 0.011, 5)
        ribs = [turn(bar((0.1 * r, 0, 0.3), (r, 0, 0.022), 0.004, 3), a) for a in np.arange(8) * np.pi / 4]
        return finish(
            ("umbrella", colour, material, shape),
            rng,
            [part(look, cover), part(DARK if colour != "black" else PAPER, rod, hook, *ribs)],
        )
    body = move(
        along_x(lathe([(0, -0.3), (0.012, -0.3), (0.045, 0.1), (0.05, 0.16), (0.018, 0.18), (0, 0.18)], 8, smooth=False)),
        (0, 0, 0.05),
    )
    rod = bar((-0.36, 0, 0.05), (0.32, 0, 0.05), 0.009, 5)
    hook = limb([(0.3, 0, 0.05), (0.4, 0, 0.05), (0.43, 0.04, 0.05), (0.4, 0.08, 0.05), (0.37, 0.075, 0.05)], 0.014, 6)
    strap = move(along_x(band(0.048, 0.05, 0.075, 8)), (0, 0, 0.05))
    return finish(
        ("umbrella", colour, material, shape),
        rng,
        [part(look, body), part(WOOD if colour != "brown" else DARK, rod, hook), part(accent(colour, "black", "white"), strap)],
    )


def glasses(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """Two panes in thick rims with a bridge and two temples; sunglasses are dark."""
    rims, panes = [], []
    sides = 4 if shape == "square" else 9
    for s in (-1.0, 1.0):
        t = np.linspace(0, 2 * np.pi, sides + 1) + (np.pi / 4 if sides == 4 else 0)
        r = 0.033 if sides > 4 else 0.038
        path = np.column_stack([0 * t, s * 0.042 + r * np.cos(t), 0.034 + 0.85 * r * np.sin(t)])
        rims.append(limb(path, 0.0065, 4))
        panes.append(
            move(
                scale(along_x(solid([(r, -0.002), (r, 0.002)], sides if sides > 4 else 4)), (1, 1, 0.85)), (0, s * 0.042, 0.034)
            )
        )
        rims.append(limb([(0, s * 0.077, 0.042), (-0.1, s * 0.08, 0.042), (-0.135, s * 0.078, 0.012)], 0.006, 4))
    if sides == 4:
        panes = [move(box((0.004, 0.052, 0.044)), (0, s * 0.042, 0.034)) for s in (-1, 1)]
    rims.append(bar((0, -0.01, 0.04), (0, 0.01, 0.04), 0.007, 4))
    lens = (
        Material((0.10, 0.10, 0.12), alpha=0.85, specular=0.9)
        if shape == "dark"
        else Material((0.80, 0.90, 0.95), alpha=0.35, specular=0.9)
    )
    return finish(("glasses", colour, material, shape), rng, [part(paint(colour, material), *rims), part(lens, *panes)])


def watch(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A strap closed to a ring that stands on its side, with a dial in front."""
    look = paint(colour, material)
    ring = lathe([(0.037, 0.0), (0.043, 0.0), (0.043, 0.034), (0.037, 0.034), (0.037, 0.0)], 12)
    if shape == "square":
        case, face = box((0.018, 0.046, 0.05), (0.046, 0, 0.025)), box((0.003, 0.036, 0.04), (0.0555, 0, 0.025))
    else:
        case = move(along_x(cylinder(0.029, 0.016, 10)), (0.04, 0, 0.029))
        face = move(along_x(disc(0.023, 0.0, 10)), (0.0575, 0, 0.029))
    hands = [box((0.004, 0.005, 0.019), (0.057, 0, 0.035)), box((0.004, 0.016, 0.005), (0.057, 0.007, 0.027))]
    steel = tint((0.80, 0.68, 0.35), "metal") if colour != "yellow" else STEEL
    lift = 0.012 if shape == "round" else 0.008
    return finish(
        ("watch", colour, material, shape),
        rng,
        [part(look, move(ring, (0, 0, lift))), part(steel, case), part(PAPER, face), part(DARK, *hands)],
    )


def wallet(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A folded purse with a strap and cards that look out, or a long one with a zip."""
    w = {"folded": 0.125, "long": 0.2}[shape]
    body = puff((0.105, w, 0.032), 0.2, 10, 4)
    strap = box((0.05, 0.03, 0.035), (0.035, 0, 0.0165))
    seam = box((0.106, 0.9 * w, 0.005), (0.002, 0, 0.016))
    button = cylinder(0.009, 0.005, 6, (0.025, 0, 0.033))
    return finish(
        ("wallet", colour, material, shape),
        rng,
        [
            part(paint(colour, material), body),
            part(accent(colour, "black", "brown"), strap, seam),
            part(tint((0.82, 0.65, 0.25), "metal"), button),
        ],
    )


def key(colour: str, material: str, shape: str, rng: np.random.Generator) -> Asset:
    """A big key with a ring and teeth, and a coloured tag; or two keys."""
    look = tint((0.72, 0.58, 0.25), "metal")
    keys: list[Mesh] = []
    for yaw in {"single": (0.0,), "double": (-0.35, 0.35)}[shape]:
        t = np.linspace(0, 2 * np.pi, 8)
        head = limb(np.column_stack([0.02 + 0.02 * np.cos(t), 0.02 * np.sin(t), 0 * t + 0.007]), 0.0065, 4)
        shaft = [
            box((0.07, 0.012, 0.010), (0.072, 0, 0.006)),
            box((0.010, 0.022, 0.010), (0.085, 0.014, 0.006)),
            box((0.010, 0.026, 0.010), (0.101, 0.016, 0.006)),
        ]
        keys += [turn(m, yaw) for m in (head, *shaft)]
    tag = [move(puff((0.085, 0.056, 0.02), 0.4, 8, 4), (-0.06, 0, 0))]
    return finish(("key", colour, material, shape), rng, [part(paint(colour, material), *tag), part(look, *keys)])


CLOTH = ("red", "blue", "green", "yellow", "pink", "purple", "brown", "black", "grey", "white", "beige", "orange")
HIDES = ("brown", "black", "red", "blue", "white", "beige", "green", "pink")

KINDS = (
    Kind(
        "hat",
        hat,
        CLOTH,
        ("fabric", "wool", "leather"),
        ("wide", "peaked", "knitted"),
        ("cap", "beanie"),
        TAKE,
        on={**ABOUT, "shoe rack": 1.5},
    ),
    Kind(
        "shoe",
        shoe,
        ("red", "blue", "green", "white", "black", "brown", "pink", "yellow"),
        ("leather", "fabric", "rubber"),
        ("low", "high", "heeled"),
        ("shoes", "sneakers", "boots", "pair of shoes"),
        TAKE,
        on={"shoe rack": 8.0, "floor": 2.5, "bench": 0.5, "wardrobe": 1.5},
        many=3,
    ),
    Kind(
        "handbag",
        handbag,
        HIDES,
        ("leather", "fabric"),
        ("wide", "tall"),
        ("purse", "bag"),
        TAKE,
        on={**ABOUT, "floor": 0.5, "shoe rack": 1.0},
    ),
    Kind(
        "backpack",
        backpack,
        CLOTH[:9],
        ("fabric", "leather"),
        ("tall", "small"),
        ("rucksack", "school bag"),
        TAKE,
        on={"floor": 3.0, "bed": 2.0, "chair": 1.0, "bench": 1.5, "wardrobe": 1.0},
    ),
    Kind(
        "suitcase",
        suitcase,
        ("red", "blue", "black", "grey", "yellow", "green", "brown"),
        ("plastic", "leather"),
        ("upright", "flat"),
        ("luggage", "trolley"),
        TAKE,
        on={"floor": 3.0, "wardrobe": 2.0, "bed": 0.7},
    ),
    Kind(
        "umbrella",
        umbrella,
        CLOTH[:8],
        ("fabric",),
        ("closed", "open"),
        ("parasol",),
        TAKE,
        on={"shoe rack": 2.0, "bench": 1.5, "floor": 1.0, "wardrobe": 1.0},
    ),
    Kind(
        "glasses",
        glasses,
        ("black", "red", "blue", "brown", "green", "pink"),
        ("plastic", "metal"),
        ("round", "square", "dark"),
        ("spectacles", "sunglasses", "eyeglasses"),
        TAKE,
        on={"nightstand": 3.0, "desk": 2.0, "coffee table": 2.0, "bathroom sink": 0.7, "dresser": 1.0},
    ),
    Kind(
        "watch",
        watch,
        HIDES,
        ("leather", "rubber"),
        ("round", "square"),
        ("wristwatch",),
        TAKE,
        on={"nightstand": 4.0, "dresser": 3.0, "desk": 2.0, "bathroom sink": 1.0},
    ),
    Kind(
        "wallet",
        wallet,
        HIDES,
        ("leather", "fabric"),
        ("folded", "long"),
        ("purse", "billfold"),
        TAKE,
        on={"nightstand": 2.0, "desk": 2.0, "dresser": 2.0, "coffee table": 1.0, "shoe rack": 0.5},
    ),
    Kind(
        "key",
        key,
        ("red", "blue", "green", "yellow", "orange", "black"),
        ("plastic", "leather"),
        ("single", "double"),
        ("keys", "keychain", "bunch of keys"),
        TAKE,
        on={"side table": 2.0, "coffee table": 1.5, "desk": 2.0, "shoe rack": 2.0, "nightstand": 1.0, "kitchen counter": 0.7},
    ),
)
