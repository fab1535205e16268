"""The verbs of household tasks said in AlfWorld's words, by one who knows only what AlfWorld has told so far.

docs/systems/alfworld.md lists what maps to what. AlfWorld refuses with "Nothing happens." alone: the reason is worked out here
from what it told before, and a command for which there are no words is not sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..household.feedback import Feedback, Refusal
from .engine import Engine
from .problems import need_alfworld, spoken

_NAME = re.compile(r"\ban? ([a-z]+ \d+)")
_WORKS = {"microwave": "heat", "fridge": "cool", "sinkbasin": "clean"}  # what an appliance does with a thing: AlfWorld's word
_LAMPS = ("desklamp", "floorlamp")


class Body:
    """A body in a running problem.

    furniture: names of all pieces in the order told ("cabinet 1"). contents: what was last seen at a piece. shut: pieces that
    are known to be closed; openable: known to have a door. at: the piece it stands at. holding: what is in the hand, "" =
    nothing. said: AlfWorld's commands since the start, with what came of each.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.furniture: tuple[str, ...] = tuple(_NAME.findall(engine.feedback))
        self.contents: dict[str, tuple[str, ...]] = {}
        self.shut, self.openable, self.lit = set[str](), set[str](), set[str]()
        self.at, self.holding = "", ""
        self.said: list[tuple[str, str]] = []
        constants = need_alfworld()
        kinds = sorted({*constants.OBJECTS, *constants.RECEPTACLES})
        self._words: Mapping[str, str] = {kind.lower(): spoken(kind) for kind in kinds}

    @property
    def in_view(self) -> tuple[str, ...]:
        """The piece that it stands at and what is seen there."""
        return (self.at, *self._seen_at(self.at)) if self.at else ()

    @property
    def told(self) -> tuple[str, ...]:
        """All that AlfWorld has told of since the start: the furniture, and things where they were last seen."""
        return (*self.furniture, *dict.fromkeys(name for names in self.contents.values() for name in names))

    def words(self, name: str) -> str:
        """A name as people say it, without its number: "coffeetable 1" is "coffee table"."""
        return self._words[name.partition(" ")[0]]

    def carry_out(self, verb: str, target: str) -> Feedback:
        """One of the eight verbs. A refusal changes nothing but where the body stands, and that only for `Find`."""
        try:
            return Feedback(True, self._VERBS[verb](self, plain(target)))
        except Refusal as refusal:
            return Feedback(False, refusal.message, refusal.error)

    def _find(self, target: str) -> str:
        """Go to furniture of the name, or look for a thing: where it was seen, then at one piece after the other."""
        named = self.named("Find", target)
        if self.holding and named(self.holding):
            return f"the {self.words(self.holding)} is in the hand"
        places = self.furniture
        if pieces := [piece for piece in places if named(piece)]:
            after = pieces.index(self.at) + 1 if self.at in pieces else 0
            return self._go(pieces[after % len(pieces)], target)
        start = places.index(self.at) + 1 if self.at else 0
        order = [*places[start:], *places[:start]]
        for place in sorted(order, key=lambda place: not any(map(named, self._seen_at(place)))):
            if place in self.contents and not any(map(named, self._seen_at(place))):
                continue
            answer = self._go(place, target)
            if any(map(named, self._seen_at(place))):
                return answer
        where = "look for one in other places, or open something first"
        raise Refusal("not_visible", f"no {target} is in view; {where}")

    def _pick_up(self, target: str) -> str:
        if self.holding:
            raise Refusal("hand_full", f"the hand holds the {self.words(self.holding)}; put it down first")
        name = self._meant("PickUp", target)
        if name in self.furniture or not self._say(f"take {name} from {self.at}"):
            raise Refusal("cannot_be_picked_up", f"the {self.words(name)} cannot be picked up")
        self._take(name)
        answers = [self.engine.feedback]
        if _kind(self.at) == "fridge" and self._say(f"cool {name} with {self.at}"):  # what was in a fridge is cold
            answers.append(self.engine.feedback)
        return " ".join(answers)

    def _put_down(self, target: str) -> str:
        if not self.holding:
            raise Refusal("hand_empty", "the hand is empty; pick something up first")
        held, name = self.words(self.holding), self._meant("PutDown", target) if target else self.at
        if not name:
            raise Refusal("not_visible", f"nothing was found to put the {held} on; find a piece of furniture for it")
        if name in self.shut:
            raise Refusal("closed", f"the {self.words(name)} is closed; open it first")
        if name not in self.furniture or not self._say(f"move {self.holding} to {name}"):
            raise Refusal("not_a_receptacle", f"AlfWorld puts no {held} on or in a {self.words(name)}")
        self._put()
        return self.engine.feedback

    def _open(self, target: str) -> str:
        name = self._meant("Open", target)
        if self._say(f"open {name}"):
            self._look()
            return self.engine.feedback
        if name in self.openable:
            raise Refusal("already_open", f"the {self.words(name)} is already open")
        raise Refusal("not_openable", f"the {self.words(name)} has nothing to open or close")

    def _close(self, target: str) -> str:
        name = self._meant("Close", target)
        if self._say(f"close {name}"):
            self.shut.add(name)
            return self.engine.feedback
        if name in self.openable:
            raise Refusal("already_closed", f"the {self.words(name)} is already closed")
        raise Refusal("not_openable", f"the {self.words(name)} has nothing to open or close")

    def _turn_on(self, target: str) -> str:
        """A lamp is used. An appliance works on what is in the hand, else on each thing that it holds, which goes back in."""
        name = self._meant("TurnOn", target)
        if _kind(name) in _LAMPS:
            if name in self.lit:
                raise Refusal("already_on", f"the {self.words(name)} is already on")
            self._use(name)
            self.lit.add(name)
            return self.engine.feedback
        work = _WORKS.get(_kind(name))
        if work is None:
            raise Refusal("not_switchable", f"AlfWorld cannot switch a {self.words(name)} on or off")
        if self.holding:
            if not self._say(f"{work} {self.holding} with {name}"):
                raise Refusal("not_switchable", f"AlfWorld does not {work} a {self.words(self.holding)}")
            return self.engine.feedback
        return self._work_on_contents(work, name)

    def _work_on_contents(self, work: str, name: str) -> str:
        """AlfWorld works on what is held: each thing inside is taken, worked on and moved back, through the door if need be."""
        was_shut, answers = name in self.shut, list[str]()
        if was_shut:
            self._say(f"open {name}")
            self._look()
        for thing in self._seen_at(name):
            if not self._say(f"take {thing} from {name}"):
                continue  # a lamp stands there
            self._take(thing)
            answers += [self.engine.feedback] if self._say(f"{work} {thing} with {name}") else []
            if not self._say(f"move {thing} to {name}"):
                break  # it stays in the hand
            self._put()
        if was_shut:
            self._say(f"close {name}")
            self.shut.add(name)
        return " ".join(answers) or f"the {self.words(name)} is on; AlfWorld has nothing in it to {work}"

    def _use(self, name: str) -> None:
        if not self._say(f"use {name}"):
            raise Refusal("not_switchable", f"AlfWorld does not use the {self.words(name)}")

    def _turn_off(self, target: str) -> str:
        name = self._meant("TurnOff", target)
        if name in self.lit:
            self._use(name)
            self.lit.discard(name)
            return self.engine.feedback
        if _kind(name) in (*_LAMPS, *_WORKS):
            raise Refusal("already_off", f"the {self.words(name)} is already off")
        raise Refusal("not_switchable", f"AlfWorld cannot switch a {self.words(name)} on or off")

    def _slice(self, target: str) -> str:
        if _kind(self.holding) not in ("knife", "butterknife"):
            raise Refusal("needs_knife", "slicing needs a knife in the hand; pick one up first")
        name = self._meant("Slice", target)
        if not self._say(f"slice {name} with {self.holding}"):
            raise Refusal("cannot_be_sliced", f"the {self.words(name)} cannot be sliced")
        return self.engine.feedback

    _VERBS: Mapping[str, Callable[[Body, str], str]] = {
        "Find": _find,
        "PickUp": _pick_up,
        "PutDown": _put_down,
        "Open": _open,
        "Close": _close,
        "TurnOn": _turn_on,
        "TurnOff": _turn_off,
        "Slice": _slice,
    }

    def _go(self, place: str, target: str) -> str:
        """Go to a piece of furniture for what is looked for. Where the body stands already, AlfWorld would do nothing."""
        if place == self.at:
            return f"the {target} is in view"
        if not self._say(f"go to {place}"):
            raise Refusal("blocked", f"AlfWorld does not go to the {self.words(place)}")
        self.at = place
        self._look()
        return self.engine.feedback

    def _look(self) -> None:
        """Take in what AlfWorld said of the piece that the body stands at."""
        told, place = self.engine.feedback, self.at
        closed, opened = f"The {place} is closed." in told, f"The {place} is open." in told
        self.openable |= {place} if closed or opened else set()
        self.shut = self.shut | {place} if closed else self.shut - {place}
        if not closed:
            self.contents[place] = tuple(_NAME.findall(told.partition("you see")[2]))
        else:
            self.contents.setdefault(place, ())

    def _take(self, name: str) -> None:
        self.holding = name
        self.contents[self.at] = tuple(other for other in self.contents[self.at] if other != name)

    def _put(self) -> None:
        self.contents[self.at] = (*self.contents[self.at], self.holding)
        self.holding = ""

    def _seen_at(self, place: str) -> tuple[str, ...]:
        return () if place in self.shut else self.contents.get(place, ())

    def _say(self, command: str) -> bool:
        done = self.engine.say(command)
        self.said.append((command, self.engine.feedback))
        return done

    def named(self, verb: str, target: str) -> Callable[[str], bool]:
        """Whether a name is meant by a plain target: "cabinet 3" that one, "cabinet" any. Raises Refusal where none can be."""
        if not target:
            raise Refusal("unknown_object", f"say what to {verb}")
        kinds = {kind for kind, words in self._words.items() if re.sub(r" \d+$", "", target) in (kind, words)}
        number = re.search(r" \d+$", target)
        if not kinds:
            raise Refusal("unknown_object", f"nothing is known by the name {target!r}")
        return lambda name: _kind(name) in kinds and (number is None or name.endswith(number[0]))

    def _meant(self, verb: str, target: str) -> str:
        """What is meant of what is in view, or in the hand."""
        named = self.named(verb, target)
        found = [name for name in self.in_view if named(name)]
        if not found:
            raise Refusal("not_visible", f"no {target} is in view; find one first")
        return found[0]


def plain(target: str) -> str:
    """What is asked for, however it is written."""
    return target.strip().lower().removeprefix("the ")


def _kind(name: str) -> str:
    return name.partition(" ")[0]
