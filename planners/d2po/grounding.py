"""What a small model learns before any task: words, copying, single skills and what they lead to.

A language model of the hub knows that "grab the couch" is about the sofa; one that starts from random weights does not. It is
shown walks through apartments of the train split in which single skills are asked for ("take the red mug", "shut the fridge"),
with what to say and the state that follows. No goal of a task, no plan of the expert and no preference is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from enactive.envs.household.facts import KINDS
from enactive.envs.household.feedback import Refusal
from enactive.envs.household.state import initial_state
from enactive.envs.household.tasks.knowledge import Knowledge
from enactive.envs.household.tasks.layout import Layout
from enactive.envs.household.tasks.symbolic import Command, TaskState, apply_command, meant
from enactive.envs.household.tasks.task import words_of

from .episodes import layout
from .examples import Demonstration
from .prompt import Situation, answer_text, first_clause, look, policy_prompt, state_text, world_prompt

ASKED: Mapping[str, tuple[str, ...]] = {
    "Find": ("find {}", "look for {}", "go to {}", "where is {}", "walk over to {}", "show me {}"),
    "PickUp": ("pick up {}", "take {}", "get {}", "grab {}", "fetch {}", "hold {}", "bring me {}"),
    "PutDown": ("put it on {}", "place it in {}", "set it down on {}", "leave it at {}", "move it into {}", "bring it to {}"),
    "Open": ("open {}", "open up {}"),
    "Close": ("close {}", "shut {}"),
    "TurnOn": ("turn on {}", "switch {} on", "turn {} on"),
    "TurnOff": ("turn off {}", "switch {} off"),
}
POLITE = ("", "", "", "please ", "could you ", "can you ", "i need you to ", "i want you to ", "kindly ", "would you ")
REFUSALS = (
    "no mug is in view",
    "say what to open",
    "nothing was found to put the mug on",
    "the hand holds the mug",
    "the hand is empty",
    "the mug cannot be picked up or sliced or switched on or off",
    "the mug has nothing to open or close",
    "the mug is already open, closed, on, off, sliced",
    "slicing needs a knife in the hand",
    "there is no room for the mug on the fridge",
    "the floor is no place for the mug",
    "the mug cannot hold anything",
    "I know nothing called mug",
)
MOST_TURNS = 6  # commands for one skill
HISTORY = 6  # commands of the walk that the prompt still tells


def walk(seed: int, skills: int, knowledge: Knowledge, rng: np.random.Generator) -> Iterator[Demonstration]:
    """One walk through the apartment of a seed: `skills` skills in a row, each said until it is done or refused."""
    place = layout(seed, None)
    state, memory, turns = TaskState(initial_state(place.apartment)), frozenset[int](), tuple[tuple[str, str], ...]()
    for _ in range(skills):
        verb, thing = _wish(place, state, rng)
        asked, name = _words(place, verb, thing, rng)
        scene, memory = look(place, state, memory, knowledge)
        situation = Situation(asked, scene, turns[-int(rng.integers(HISTORY + 1)) :] if rng.random() < 0.8 else ())
        for _ in range(MOST_TURNS):
            command = _next(place, state, verb, thing, name)
            aim = Command(verb, name) if command.verb in ("Find", "Open") else command
            yield Demonstration(f"walk-{seed}", policy_prompt(situation), answer_text(command, aim))
            if command.verb == "done":
                break
            after, feedback = apply_command(place, state, command)
            yield Demonstration(f"walk-{seed}", world_prompt(situation, command), state_text(place, after, feedback))
            done = feedback.ok and command.verb == verb
            if not feedback.ok and feedback.error != "closed":
                break
            state = after
            scene, memory = look(place, state, memory, knowledge)
            situation = situation.after(command, feedback, scene)
            if done:
                verb = "done"
        turns = situation.turns


def _wish(place: Layout, state: TaskState, rng: np.random.Generator) -> tuple[str, int]:
    """A verb and a thing that it can be meant for."""
    held = state.world.held
    verbs = (
        ["Find", "PutDown", "PutDown"]
        if held >= 0
        else ["Find", "PickUp", "PickUp", "PickUp", "Open", "Close", "TurnOn", "TurnOff"]
    )
    while True:
        verb = verbs[int(rng.integers(len(verbs)))]
        fits = [
            i
            for i in range(len(place.categories))
            if i != held and place.shows(state.world, i) and _suits(place, state, verb, i)
        ]
        if fits:
            return verb, fits[int(rng.integers(len(fits)))]


def _suits(place: Layout, state: TaskState, verb: str, i: int) -> bool:
    world, skills = state.world, place.skills[i]
    is_open = any(world.opening[k] >= 0.5 for k, _ in place.leaves[i])
    if verb in ("Open", "Close"):
        return bool(place.leaves[i]) and is_open == (verb == "Close")
    if verb in ("TurnOn", "TurnOff"):
        return "toggle" in skills and bool(world.on[i]) == (verb == "TurnOff")
    if verb == "PickUp":
        return "pickup" in skills
    return verb == "Find" or bool(place.apartment.objects[i].asset.surfaces)


def _words(place: Layout, verb: str, i: int, rng: np.random.Generator) -> tuple[str, str]:
    """A sentence that asks for a skill, and the name by which the agent says the thing."""
    category = place.categories[i]
    called = _one((category, category, *KINDS[category].synonyms), rng)
    attribute = _one(words_of(place, i), rng) if rng.random() < 0.25 else ""
    noun = f"{_one(('the', 'a', 'some'), rng)} {attribute} {called}".replace("  ", " ")
    return _one(POLITE, rng) + _one(ASKED[verb], rng).format(noun), f"{attribute} {category}".strip()


def _next(place: Layout, state: TaskState, verb: str, i: int, name: str) -> Command:
    """What to say next: go there first, open what is closed, then the skill itself."""
    if verb == "done":
        return Command("done")
    try:
        near = state.at >= 0 and place.categories[meant(place, state, verb, name)] == place.categories[i]
    except Refusal:
        near = False
    if verb == "Find" or not near:
        return Command("Find", name)
    shut = [mover for k, mover in place.leaves[i] if state.world.opening[k] < 0.5]
    if verb == "PutDown" and shut and not any(state.world.opening[k] >= 0.5 for k, _ in place.leaves[i]):
        refused = apply_command(place, state, Command(verb, name))[1].error == "closed"
        return Command("Open" if refused else verb, name)
    return Command(verb, name)


def _one(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]


def told_texts() -> tuple[str, ...]:
    """Texts with the words of the executor's refusals that walks meet seldom or never, for the vocabulary."""
    return tuple(first_clause(message) for message in REFUSALS)
