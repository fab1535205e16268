"""UniGoal's questions put to a language model: goals read, things related, places projected, names judged.

Every answer has a structure that is checked; a model whose answers stay wrong ends the trial, nothing is put in their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from enactive.envs import Goal, ImageGoal, ObjectGoal, TextGoal
from enactive.errors import ModelError, PlannerError
from enactive.perception.vlm import ChatModel, Message, Options, Schema, chat_model

from .goal_graph import GoalEdge, GoalGraph, GoalNode
from .nouns import category_node
from .vocabulary import ATTRIBUTE_KINDS, ROOM_WORDS, attribute, canonical

MOST_NODES = 8
REACH_M = 20.0
ROOMS = tuple(sorted(set(ROOM_WORDS.values())))
SYSTEM = "You help a robot that looks for things in a home. Answer with what is usual in homes."
READING = (
    "Nodes are the objects that {source}, node 0 being the one to find; rooms are no nodes. Give each node its name in the "
    'singular without attributes, its colour, material, shape and size in one word each ("" where nothing is said), and its '
    'room ("" where none is said). Edges say that node a is on, in, next to, above or below node b.'
)

Word = Annotated[str, Field(max_length=40)]
Index = Annotated[int, Field(ge=0, le=MOST_NODES - 1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Node(_Strict):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    colour: Word
    material: Word
    shape: Word
    size: Word
    room: Literal["", "bathroom", "bedroom", "dining room", "hallway", "kitchen", "laundry room", "living room", "office"]


class _Edge(_Strict):
    a: Index
    relation: Literal["on", "in", "next to", "above", "below"]
    b: Index


class _Graph(_Strict):
    nodes: Annotated[list[_Node], Field(min_length=1, max_length=MOST_NODES)]
    edges: Annotated[list[_Edge], Field(max_length=2 * MOST_NODES)]

    @model_validator(mode="after")
    def _ends_are_nodes(self) -> Self:
        for edge in self.edges:
            if edge.a == edge.b or max(edge.a, edge.b) >= len(self.nodes):
                raise ValueError(f"an edge from {edge.a} to {edge.b}, but the nodes are 0 to {len(self.nodes) - 1}")
        if not all(node.name.strip() for node in self.nodes):
            raise ValueError("a node has a blank name")
        return self


class LLMReasoner:
    """A `Reasoner` on a chat model.

    model: a `ChatModel`, or the text from which `make_model` makes one ("openai:http://localhost:8000/v1#name"); one that sees
    pictures reads goal pictures too. deadline_s, max_tokens: of each question. Answers are kept: no question is put twice;
    cache: folder in which those of a model named by a text outlast the program.
    """

    def __init__(
        self, model: ChatModel | str, deadline_s: float = 30.0, max_tokens: int = 512, cache: Path | None = None
    ) -> None:
        self.model = chat_model(model, cache)
        self.options = Options(max_tokens=max_tokens, deadline_s=deadline_s)
        self._said: dict[str, Any] = {}

    def goal_graph(self, goal: Goal) -> GoalGraph:
        if isinstance(goal, ObjectGoal):
            return GoalGraph((category_node(goal.category),))
        if isinstance(goal, TextGoal):
            if not goal.text.strip():
                raise PlannerError("the goal's description is empty; say what to find")
            question = f"Read this goal as a graph: {goal.text!r}\n{READING.format(source='the goal names')}"
            return _graph(self._ask(question, _Graph))
        if isinstance(goal, ImageGoal):
            if not self.model.capabilities.images:
                raise PlannerError(f"{self.model.name} does not see the goal picture: use a vision-language model")
            source = "the picture shows in its middle and right around it"
            return _graph(self._put(f"Read this picture as a graph.\n{READING.format(source=source)}", _Graph, (goal.image,)))
        raise PlannerError(f"UniGoal takes a category, a description or a picture, not a {type(goal).__name__}")

    def related(self, a: str, b: str) -> float:
        first, second = sorted((canonical(a), canonical(b)))
        if first == second:
            return 1.0
        return self._probability(f"a {first} and a {second} stand within a metre of each other")

    def rooms(self, name: str) -> Mapping[str, float]:
        question = f"For each kind of room: how likely, from 0 to 1, is it that a {canonical(name)} is kept there?"
        told = self._ask(question, _object({room: {"type": "number", "minimum": 0, "maximum": 1} for room in ROOMS}))
        total = max(1.0, sum(told.values()))
        return {room: told[room] / total for room in ROOMS if told[room] > 0.0}

    def decompose(self, graph: GoalGraph) -> list[list[int]]:
        count = len(graph.nodes)
        if count == 1:
            return [[0]]
        question = (
            f"{_describe(graph)}\nPut things that are best searched for together into one group: give for each object, in "
            "order, the number of its group."
        )
        groups = self._ask(
            question, _object({"groups": _list_of(count, {"type": "integer", "minimum": 0, "maximum": count - 1})})
        )
        members: dict[int, list[int]] = {}
        for node, group in enumerate(groups["groups"]):
            members.setdefault(group, []).append(node)
        return sorted(members.values(), key=lambda nodes: (graph.target not in nodes, nodes[0]))

    def coordinates(self, graph: GoalGraph) -> NDArray[np.float64]:
        count = len(graph.nodes)
        if count == 1:
            return np.zeros((1, 2))
        metres = {"type": "number", "minimum": -REACH_M, "maximum": REACH_M}
        question = f"{_describe(graph)}\nWhere on the floor plan may each object stand, in order, in metres from object 0?"
        told = self._ask(question, _object({"places": _list_of(count, _object({"x": metres, "y": metres}))}))
        places = np.array([[place["x"], place["y"]] for place in told["places"]], dtype=np.float64)
        return places - places[graph.target]

    def plausible(self, name: str, beside: Sequence[str], room: str) -> float:
        facts = [f"stands beside: {', '.join(sorted(map(canonical, beside)))}"] if beside else []
        facts += [f"is in the {room}"] if room else []
        if not facts:
            return 0.5  # with nothing known of it, a thing is as likely what it is called as not
        return self._probability(
            f"something that was taken for a {canonical(name)} is one, given that it {' and '.join(facts)}"
        )

    def _probability(self, claim: str) -> float:
        """Probability, [0, 1], of a claim."""
        number = {"type": "number", "minimum": 0, "maximum": 1}
        return float(
            self._ask(f"How likely is it, from 0 to 1, that {claim}?", _object({"probability": number}))["probability"]
        )

    def _ask(self, question: str, schema: Schema) -> Any:
        if question not in self._said:
            self._said[question] = self._put(question, schema, ())
        return self._said[question]

    def _put(self, question: str, schema: Schema, images: tuple[NDArray[np.uint8], ...]) -> Any:
        """The structure that the model answers. Raises PlannerError where it gives none."""
        messages = [Message("system", SYSTEM), Message("user", question, images)]
        try:
            return self.model.chat(messages, self.options, schema).structure
        except ModelError as problem:
            raise PlannerError(f"the language model did not answer {question[:60]!r}...: {problem}") from problem


def _graph(told: _Graph) -> GoalGraph:
    """A goal graph in the words that perception uses."""
    nodes = []
    for node in told.nodes:
        said = {kind: getattr(node, kind).strip().lower() for kind in ATTRIBUTE_KINDS}
        attributes = dict(attribute(word) or (kind, word) for kind, word in said.items() if word)
        nodes.append(GoalNode(canonical(node.name), attributes, node.room))
    edges = dict.fromkeys(GoalEdge(edge.a, edge.b, edge.relation) for edge in told.edges)
    return GoalGraph(tuple(nodes), tuple(edges))


def _describe(graph: GoalGraph) -> str:
    names = "; ".join(f"{index}: {node}" for index, node in enumerate(graph.nodes))
    facts = "; ".join(f"{edge.a} is {edge.relation} {edge.b}" for edge in graph.edges)
    return f"Objects of a scene: {names}. Relations: {facts or 'none known'}."


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


def _list_of(count: int, items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items), "minItems": count, "maxItems": count}
