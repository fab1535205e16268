"""The body in an AlfWorld whose engine is a script, so that nothing has to be compiled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from enactive.envs.alfworld.body import Body
from enactive.envs.alfworld.oracle import AlfWorldOracle
from enactive.envs.household.feedback import Feedback
from enactive.envs.household.tasks.metrics import Turn
from enactive.envs.household.tasks.symbolic import Command

NOTHING = "Nothing happens."
PLACES = {
    "desk 1": "You arrive at desk 1. On the desk 1, you see a mug 1.",
    "fridge 1": "You arrive at fridge 1. The fridge 1 is closed.",
}


class Script:
    """AlfWorld's answers in a room with a mug on a desk and a fridge. To go where it stands does nothing, as in AlfWorld.

    barred: furniture that it does not go to.
    """

    names = {"mug_1": "mug 1", "desk_1": "desk 1", "fridge_1": "fridge 1", "agent_1": "agent"}  # noqa: RUF012
    won = False

    def __init__(self, barred: str = "") -> None:
        self.at, self.barred = "", barred
        self.feedback = "You are in the middle of a room. Looking quickly around you, you see a desk 1, and a fridge 1."

    def say(self, command: str) -> bool:
        place = command.removeprefix("go to ")
        if place in PLACES and place not in (self.at, self.barred):
            self.at, self.feedback = place, PLACES[place]
        elif command == "take mug 1 from desk 1" and self.at == "desk 1":
            self.feedback = "You pick up the mug 1 from the desk 1."
        else:
            self.feedback = NOTHING
        return self.feedback != NOTHING

    def facts(self) -> list[Any]:
        return []


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kinds that AlfWorld's tables would have."""
    kinds = SimpleNamespace(OBJECTS=["Mug", "Spoon"], RECEPTACLES=["Desk", "Fridge", "Cabinet"])
    monkeypatch.setattr("enactive.envs.alfworld.body.need_alfworld", lambda: kinds)


@pytest.mark.parametrize("target", ["mug", "desk", "The desk 1"])
def test_what_is_looked_for_where_the_body_stands_is_in_view_and_stays_known(target: str) -> None:
    body: Any = Body(Script())  # type: ignore[arg-type]
    assert body.carry_out("Find", target).ok
    seen, sent = body.in_view, list(body.said)
    assert seen == ("desk 1", "mug 1")
    again = body.carry_out("Find", target)
    assert (again.ok, again.message) == (True, f"the {target.lower().removeprefix('the ')} is in view")
    assert (body.in_view, body.said) == (seen, sent)
    assert body.carry_out("PickUp", "mug").ok


def test_a_door_that_is_known_to_be_closed_stays_so() -> None:
    body: Any = Body(Script())  # type: ignore[arg-type]
    for _ in range(2):
        assert body.carry_out("Find", "fridge").ok
        assert body.shut == {"fridge 1"}


def test_where_alfworld_does_not_go_the_body_is_not() -> None:
    body: Any = Body(Script(barred="fridge 1"))  # type: ignore[arg-type]
    body.carry_out("Find", "desk")
    assert body.carry_out("Find", "fridge").error == "blocked"
    assert (body.at, body.in_view, "fridge 1" in body.contents) == ("desk 1", ("desk 1", "mug 1"), False)


@pytest.mark.parametrize(
    ("verb", "target", "kind"),
    [
        ("Find", "spoon", "other"),  # AlfWorld has spoons, this problem has none
        ("Find", "The spoon", "other"),
        ("PickUp", "mug 2", "other"),
        ("Open", "cabinet", "other"),
        ("PickUp", "mug", "dependency"),  # it is there, and was not found yet
        ("Open", "Fridge 1", "dependency"),
        ("Find", "unicorn", "other"),
        ("PutDown", "", "dependency"),  # with an empty hand
    ],
)
def test_what_the_problem_does_not_have_is_no_dependency(verb: str, target: str, kind: str) -> None:
    body = Body(Script())  # type: ignore[arg-type]
    turns: list[Turn] = [
        (Command(verb, target), body.carry_out(verb, target)),
        (Command("done"), Feedback(True, "done")),
    ]
    assert not turns[0][1].ok
    env: Any = SimpleNamespace(body=body, turns=turns, problem=SimpleNamespace(type="pick", object="Mug", receptacle="Desk"))
    assert AlfWorldOracle(env).metrics()["error_kind"] == kind


def test_a_refusal_is_made_good_by_the_same_command_however_it_is_written() -> None:
    body = Body(Script())  # type: ignore[arg-type]
    turns: list[Turn] = [
        (Command(verb, target), body.carry_out(verb, target))
        for verb, target in (("PickUp", "The mug"), ("Find", "desk"), ("PickUp", "mug"))
    ]
    assert [feedback.ok for _, feedback in turns] == [False, True, True]
    env: Any = SimpleNamespace(body=body, turns=turns, problem=SimpleNamespace(type="pick", object="Mug", receptacle="Desk"))
    assert AlfWorldOracle(env).metrics()["error_kind"] == "inefficient"  # `done` was never said
