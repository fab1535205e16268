"""AlfWorld problems without a download: a floor plan of its wheel, things put where its tables allow, and one of its goals.

AlfWorld's games come from ALFRED's trajectories, which its wheel leaves out. It does hold the domain, the grammar, the goals
in PDDL and the furniture of AI2-THOR's 120 floor plans with the kinds of things that occur there: enough to write problems of
the six task types that AlfWorld has.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from zlib import crc32

import numpy as np

from enactive.errors import ConfigError

Split = Literal["train", "valid_seen", "valid_unseen"]
SPLITS: tuple[Split, ...] = get_args(Split)
TASK_TYPES = {  # AlfWorld's name of each type, by the name that household tasks have for it
    "pick": "pick_and_place_simple",
    "pick_two": "pick_two_obj_and_place",
    "clean": "pick_clean_then_place_in_recep",
    "heat": "pick_heat_then_place_in_recep",
    "cool": "pick_cool_then_place_in_recep",
    "examine": "look_at_obj_in_light",
}
APPLIANCE = {"clean": "SinkBasin", "heat": "Microwave", "cool": "Fridge"}
ABILITY = {"clean": "Cleanable", "heat": "Heatable", "cool": "Coolable"}
ABILITIES = (*ABILITY.values(), "Sliceable")
LAMP = "DeskLamp"
LAMP_STANDS = ("Desk", "SideTable", "Dresser", "CoffeeTable")  # AlfWorld's tables do not say where lamps may stand
MOST_KINDS, MOST_PIECES = 6, 14  # of things and furniture in a problem: with all of them a plan may take Fast Downward minutes
TRIES = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. type: of `TASK_TYPES`. object, receptacle: AlfWorld's kinds ("Mug", "CoffeeTable"); to examine, the
    receptacle is the lamp. floor_plan: of AI2-THOR. pddl: the whole problem, for AlfWorld's domain.
    """

    id: str
    split: Split
    floor_plan: int
    type: str
    object: str
    receptacle: str
    instruction: str
    pddl: str

    @property
    def apartment_seed(self) -> int:
        """What an evaluation orders its trials by."""
        return self.floor_plan


def need_alfworld() -> Any:
    """AlfWorld's tables. Raises ConfigError where the package is missing."""
    try:
        from alfworld.gen import constants
    except ImportError as error:
        raise ConfigError(
            "AlfWorld is not installed: pip install 'enactive[alfworld]' (it compiles Fast Downward: a C++ compiler and make)"
        ) from error
    return constants


def make_problem(split: str, number: int) -> Problem:
    """Problem `number` of a split, always the same one. `valid_unseen` has the floor plans that ALFRED keeps out of training.

    Raises ConfigError for an unknown split, or where AlfWorld is not installed.
    """
    if split not in SPLITS:
        raise ConfigError(f"there is no split {split!r} of AlfWorld; known: {', '.join(SPLITS)}")
    rng = np.random.default_rng([crc32(split.encode()), number])
    kind = str(rng.choice(list(TASK_TYPES)))
    for _ in range(TRIES):
        plan = _FloorPlan.read(int(rng.choice(_floor_plans(split, kind))))
        if choices := plan.choices(kind):
            thing, receptacle = choices[int(rng.integers(len(choices)))]
            return _written(split, f"{split}-{number}", plan, kind, thing, receptacle, rng)
    raise ConfigError(f"no floor plan of {split} has a task of the type {kind}")


def problem_asked_for(split: str, sentence: str, seed: int) -> Problem:
    """A problem that a sentence asks for, "put a clean mug on the counter top", in a floor plan that the seed draws.

    Raises ConfigError where AlfWorld has no such task.
    """
    rng = np.random.default_rng([crc32(split.encode()), seed])
    for kind, thing, receptacle in _readings(sentence):
        plans = [_FloorPlan.read(number) for number in _floor_plans(split, kind)]
        if able := [plan for plan in plans if (thing, receptacle) in plan.choices(kind)]:
            plan = able[int(rng.integers(len(able)))]
            return _written(split, f"{split}-asked-{seed}", plan, kind, thing, receptacle, rng)
    raise ConfigError(
        f"AlfWorld has no task {sentence!r} in {split}; it has sentences like 'put a clean mug on the counter top', "
        "'put two books on the bed', 'cool some bread and put it in the fridge', 'examine the book with the desk lamp'"
    )


def problems_path() -> Path:
    """AlfWorld's tables, from which problems are written: what an evaluation tells other versions by."""
    return Path(need_alfworld().__file__)


def spoken(kind: str) -> str:
    """A kind as people say it: "CoffeeTable" is "coffee table"; basins go by what they are in."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=TV)(?=S)", " ", kind).lower()
    return {"sink basin": "sink", "bathtub basin": "bathtub"}.get(words, words)


@dataclass(frozen=True, slots=True)
class _FloorPlan:
    """number: of AI2-THOR. furniture: (id in PDDL, kind) of each piece. kinds: of things that occur there."""

    number: int
    furniture: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]

    @classmethod
    def read(cls, number: int) -> _FloorPlan:
        folder = Path(need_alfworld().__file__).parent / "layouts"
        stands = json.loads((folder / f"FloorPlan{number}-openable.json").read_text())
        kinds = json.loads((folder / f"FloorPlan{number}-objects.json").read_text())
        furniture = [(_pddl_name(name), _kind_of(name)) for name in sorted(stands)]
        return cls(number, tuple(furniture), tuple(sorted(kinds)))

    @property
    def places(self) -> frozenset[str]:
        return frozenset(kind for _, kind in self.furniture)

    def things(self) -> list[str]:
        """Kinds of things that occur here and for which there is a place."""
        tables = need_alfworld().VAL_RECEPTACLE_OBJECTS
        allowed = {thing for place in self.places for thing in tables.get(place, ())}
        return [kind for kind in self.kinds if kind in allowed and kind not in self.places]

    def places_for(self, thing: str) -> list[str]:
        tables = need_alfworld().VAL_RECEPTACLE_OBJECTS
        return sorted(place for place in self.places if thing in tables.get(place, ()))

    def thinned(self, kind: str, thing: str, receptacle: str, rng: np.random.Generator) -> _FloorPlan:
        """At most `MOST_PIECES` of the furniture, drawn, but for what the task needs."""
        drawn = [self.furniture[int(index)] for index in rng.permutation(len(self.furniture))]
        elsewhere = set(self.places_for(thing)) - {receptacle}
        needs = [{receptacle} if kind != "examine" else set(LAMP_STANDS), elsewhere, {APPLIANCE.get(kind, "")}]
        first = [next((piece for piece in drawn if piece[1] in need), None) for need in needs]
        kept = list(dict.fromkeys([*(piece for piece in first if piece is not None), *drawn]))[:MOST_PIECES]
        return _FloorPlan(self.number, tuple(sorted(kept)), self.kinds)

    def choices(self, kind: str) -> list[tuple[str, str]]:
        """(thing, where to) of all tasks of a type that can be set here: there is another place for the thing to start at."""
        abilities = need_alfworld().VAL_ACTION_OBJECTS
        things = [thing for thing in self.things() if kind not in ABILITY or thing in abilities[ABILITY[kind]]]
        if APPLIANCE.get(kind) not in {None, *self.places}:
            return []
        if kind == "examine":
            lit = LAMP in self.kinds and self.places & set(LAMP_STANDS)
            return [(thing, LAMP) for thing in things] if lit else []
        return [(thing, place) for thing in things for place in self.places_for(thing) if len(self.places_for(thing)) > 1]


def _floor_plans(split: str, kind: str) -> list[int]:
    constants = need_alfworld()
    numbers = constants.TEST_SCENE_NUMBERS if split == "valid_unseen" else constants.TRAIN_SCENE_NUMBERS
    rooms = [constants.SCENE_TYPE[room] for room in sorted(constants.GOALS_VALID[TASK_TYPES[kind]])]
    return [number for number in numbers if any(number in room for room in rooms)]


def _written(
    split: str, name: str, plan: _FloorPlan, kind: str, thing: str, receptacle: str, rng: np.random.Generator
) -> Problem:
    """The problem in PDDL: things put at random, those of the asked kind never where they are to go."""
    from alfworld.gen import goal_library

    plan = plan.thinned(kind, thing, receptacle, rng)
    others = [other for other in plan.things() if other != thing]
    kinds = [thing, *rng.permutation(others)[: MOST_KINDS - 1].tolist()]
    things: list[tuple[str, str, str]] = []  # id, kind, where
    for each in kinds:
        least = 2 if (each, kind) == (thing, "pick_two") else 1
        where = [piece for piece, place in plan.furniture if place in plan.places_for(each)]
        if each == thing and kind != "examine":
            where = [piece for piece, place in plan.furniture if place in plan.places_for(each) and place != receptacle]
        for copy in range(int(rng.integers(least, 4))):
            things.append((f"{each}_bar_{copy:02d}", each, str(rng.choice(where))))
    if kind == "examine":
        stands = [piece for piece, place in plan.furniture if place in LAMP_STANDS]
        things.append((f"{LAMP}_bar_00", LAMP, str(rng.choice(stands))))
    goal = goal_library.gdict[TASK_TYPES[kind]]
    sentence = str(rng.choice(goal["templates"])).format(
        obj=spoken(thing), recep=spoken(receptacle), toggle=spoken(receptacle), mrecep=""
    )
    wanted = goal["pddl"].format(obj=thing, recep=receptacle, toggle=receptacle).replace("#", "-")
    pddl = _pddl(plan, things, wanted)
    return Problem(name, split, plan.number, kind, thing, receptacle, sentence, pddl)  # type: ignore[arg-type]


def _pddl(plan: _FloorPlan, things: list[tuple[str, str, str]], goal: str) -> str:
    constants = need_alfworld()
    place_of = {piece: f"loc_{index}" for index, (piece, _) in enumerate(plan.furniture)}
    objects = ["agent1 - agent", "loc_start - location", *(f"{place} - location" for place in place_of.values())]
    objects += [f"{piece} - receptacle" for piece, _ in plan.furniture] + [f"{name} - object" for name, _, _ in things]
    # All kinds are objects, since the domain names the types of appliances and knives whether or not they occur.
    kinds = sorted(constants.OBJECTS_SET - constants.RECEPTACLES | constants.MOVABLE_RECEPTACLES_SET)
    places = sorted(constants.RECEPTACLES - constants.MOVABLE_RECEPTACLES_SET)
    objects += [f"{kind}Type - otype" for kind in kinds] + [f"{place}Type - rtype" for place in places]
    facts = ["(= (total-cost) 0)", "(atLocation agent1 loc_start)"]
    for piece, kind in plan.furniture:
        facts += [f"(receptacleType {piece} {kind}Type)", f"(receptacleAtLocation {piece} {place_of[piece]})"]
        facts += [f"(openable {piece})"] if kind in constants.OPENABLE_CLASS_SET else []
    for name, kind, where in things:
        facts += [f"(objectType {name} {kind}Type)", f"(inReceptacle {name} {where})"]
        facts += [f"(objectAtLocation {name} {place_of[where]})"]
        facts += [f"(toggleable {name})"] if kind == LAMP else [f"(pickupable {name})"]
        facts += [f"({word.lower()} {name})" for word in ABILITIES if kind in constants.VAL_ACTION_OBJECTS[word]]
    handled = sorted({kind for _, kind, _ in things})
    for place in sorted(plan.places):
        allowed = constants.VAL_RECEPTACLE_OBJECTS.get(place, ())
        facts += [f"(canContain {place}Type {kind}Type)" for kind in handled if kind in allowed]
    head = "(define (problem household)\n(:domain alfred)\n"
    return f"{head}(:objects\n{_lines(objects)})\n(:init\n{_lines(facts)})\n{goal}"


def _lines(parts: list[str]) -> str:
    return "".join(f"  {part}\n" for part in parts)


def _kind_of(name: str) -> str:
    """The kind of a piece of furniture by its name in AI2-THOR: "Sink|+00.05|+00.90|-00.65|SinkBasin" is a SinkBasin."""
    first, *_, last = name.split("|")
    return last if last.endswith("Basin") else first


def _pddl_name(name: str) -> str:
    """The name as AlfWorld writes it in PDDL."""
    for sign, word in (("-", "_minus_"), ("|", "_bar_"), ("+", "_plus_"), (".", "_dot_")):
        name = name.replace(sign, word)
    return name


def _readings(sentence: str) -> list[tuple[str, str, str]]:
    """(type, thing, where to) of all that a sentence may mean, by AlfWorld's own templates."""
    from alfworld.gen import goal_library

    constants = need_alfworld()
    kind_of = {spoken(kind): kind for kind in (*constants.OBJECTS, *constants.RECEPTACLES)}
    said, found = _plain(sentence), []
    for kind, name in TASK_TYPES.items():
        for template in goal_library.gdict[name]["templates"]:
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(_plain(template)))
            if (match := re.fullmatch(pattern, said)) is None:
                continue
            words = match.groupdict()
            thing = kind_of.get(words["obj"]) or kind_of.get(words["obj"].removesuffix("s"))
            place = kind_of.get(words.get("recep") or words.get("toggle") or "")
            if thing and place:
                found.append((kind, thing, place))
    return found


def _plain(sentence: str) -> str:
    """A sentence without articles, politeness and the choice of preposition."""
    same = {"onto": "in", "into": "in", "inside": "in", "on": "in", "cold": "cool", "warm": "hot", "them": "it"}
    words = re.sub(r"[.!?,]", "", sentence.lower()).removeprefix("please ").split()
    return " ".join(same.get(word, word) for word in words if word not in {"a", "an", "the", "some"})
