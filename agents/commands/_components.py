"""Choosing components on the command line: `--planner UniGoal --planner.sigma_partial 0.5`."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from jsonargparse import ArgumentParser, Namespace

from enactive.agents.component import Component, class_path
from enactive.agents.plugins import Group, group_taken, load
from enactive.errors import ConfigError

GROUP_OF: Mapping[str, Group] = {
    "env": "envs",
    "perceiver": "perceivers",
    "planner": "planners",
    "controller": "controllers",
    "robot": "envs",
    "policy": "controllers",
}


REASONER = "enactive.planners.unigoal.llm_reasoner.LLMReasoner"
MODEL_HELP = "chat model of the planner: openai:URL#NAME, openai:KEY_VARIABLE:URL#NAME, hf:NAME or embedded"
CACHE_HELP = "folder in which the answers of --model are kept: what was asked before is not asked again"


def add_components(parser: ArgumentParser, argv: Sequence[str], defaults: Mapping[str, str]) -> list[str]:
    """Give the parser a typed option for each role, built from the constructor of the class that `argv` names.

    Names are entry points or dotted paths, from the option, else from `--config`, else from what the environment names as its
    `partners`, else from `defaults`. Returns argv with the names replaced by import paths, ready to be parsed. Raises
    ConfigError for an unknown name.
    """
    rewritten = list(argv)
    config = read_config(argv)
    partners: Mapping[str, str] = {}
    for role, default in defaults.items():
        flag = f"--{role}"
        name = default = partners.get(role, default)
        if isinstance(chosen := config.get(role), Mapping):
            name = str(chosen.get("class_path", default))
        for place, word in enumerate(rewritten):
            if word == flag and place + 1 < len(rewritten):
                name = _bare(flag, rewritten[place + 1])
                rewritten[place + 1] = class_path(GROUP_OF[role], name)
            elif word.startswith(f"{flag}="):
                name = _bare(flag, word.partition("=")[2])
                rewritten[place] = f"{flag}={class_path(GROUP_OF[role], name)}"
        kind = load(GROUP_OF[role], name)
        _name_parts(rewritten, flag, kind)
        partners = getattr(kind, "partners", partners)
        made = kind if inspect.isclass(kind) else get_type_hints(kind).get("return", object)
        parser.add_argument(
            flag, type=made, default={"class_path": class_path(GROUP_OF[role], name)}, help=f"default {default}"
        )
    return rewritten


def _bare(flag: str, name: str) -> str:
    """The name. Raises ConfigError where arguments stand behind it, as they do in what an evaluation compares with."""
    bare, bracket, _ = name.partition("(")
    if bracket:
        raise ConfigError(f"{flag} takes a name alone: say {flag} {bare}, and each argument as {flag}.ARGUMENT VALUE")
    return name


def _name_parts(words: list[str], flag: str, kind: Any) -> None:
    """Replace, in place, the short names of parts that a part is made of: `--planner.planner D2PO`, however deep."""
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        group = group_taken(kind, name.removeprefix(f"{flag}.")) if name.startswith(f"{flag}.") else None
        if group is None or not (equals or place + 1 < len(words)):
            continue
        inner = value if equals else words[place + 1]
        words[place if equals else place + 1] = (f"{name}=" if equals else "") + class_path(group, inner)
        _name_parts(words, name, load(group, inner))


def component(role: str, chosen: Namespace) -> Component:
    """The parsed option as plain data; paths become their text, since a record is JSON."""
    given = chosen.init_args.as_dict() if "init_args" in chosen else {}
    return Component(GROUP_OF[role], str(chosen.class_path), _plain(given))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def with_knowledge(planner: Component, knowledge: str) -> Component:
    """The planner, asked with what the environment tells of, where it is asked with that at all.

    Raises ConfigError where it was given another `knowledge` by itself.
    """
    if (inner := _inside(planner)) is not None:
        return _around(planner, with_knowledge(inner, knowledge))
    takes = inspect.signature(load(planner.group, planner.name)).parameters
    if "knowledge" not in takes:
        return planner
    given = planner.arguments.get("knowledge", takes["knowledge"].default)
    if given not in (knowledge, takes["knowledge"].default):
        raise ConfigError(f"the planner is asked with what is {given}, but the environment tells what is {knowledge}")
    return Component(planner.group, planner.name, {**planner.arguments, "knowledge": knowledge})


def _inside(planner: Component) -> Component | None:
    """The planner that another is made of, None where it is made of none, or of the one that it takes by itself."""
    inner = planner.arguments.get("planner")
    if not isinstance(inner, Mapping) or "class_path" not in inner:
        return None
    return Component("planners", inner["class_path"], inner.get("init_args", {}))


def _around(planner: Component, inner: Component) -> Component:
    said = {"class_path": inner.name, "init_args": dict(inner.arguments)}
    return Component(planner.group, planner.name, {**planner.arguments, "planner": said})


def with_model(planner: Component, text: str, cache: Path | None = None) -> Component:
    """The planner on the chat model that a line names ("openai:URL#NAME", "hf:NAME", "embedded"); itself where it is empty.

    cache: folder of its answers, which the planner or the reasoner takes as its `cache`. A planner takes the model as its
    `model`, as the reasoner that UniGoal asks, or for the planner that it is made of. Raises ConfigError for one that takes it
    in no such way, and for a model that does not exist or does not answer.
    """
    if not text:
        if cache is not None:
            raise ConfigError("--model_cache keeps the answers of --model: name a model, or leave it out")
        return planner
    from enactive.perception.vlm import require_answer

    if (inner := _inside(planner)) is not None:
        return _around(planner, with_model(inner, text, cache))
    takes = inspect.signature(load(planner.group, planner.name)).parameters
    kept = {} if cache is None else {"cache": str(cache)}
    if "model" in takes and not kept.keys() <= takes.keys():
        raise ConfigError(f"{planner.name.rpartition('.')[2]} keeps no answers of its model: leave --model_cache out")
    if "model" in takes:
        given: dict[str, Any] = {"model": text} | kept
    elif "reasoner" in takes:
        given = {"reasoner": {"class_path": REASONER, "init_args": {"model": text} | kept}}
    else:
        name = planner.name.rpartition(".")[2]
        raise ConfigError(f"{name} asks no language model: leave --model out, or choose --planner LanguagePlanner or UniGoal")
    if twice := [name for name in given if planner.arguments.get(name, takes[name].default) != takes[name].default]:
        raise ConfigError(f"--model and --planner.{twice[0]} both name a model: leave one out")
    require_answer(text)
    return Component(planner.group, planner.name, {**planner.arguments, **given})


def option(argv: Sequence[str], flag: str) -> str:
    """What the command line gives for an option, "" where it does not."""
    given = [after for word, after in itertools.pairwise(argv) if word == flag]
    given += [word.partition("=")[2] for word in argv if word.startswith(f"{flag}=")]
    return given[-1] if given else ""


def read_config(argv: Sequence[str]) -> Mapping[str, Any]:
    """What the file behind `--config` says; empty without one. Raises ConfigError where there is no such file."""
    for place, word in enumerate(argv):
        path = argv[place + 1] if word == "--config" and place + 1 < len(argv) else word.removeprefix("--config=")
        if path != word:
            if not Path(path).is_file():
                raise ConfigError(f"there is no configuration file {path!r}")
            loaded = yaml.safe_load(Path(path).read_text())
            return loaded if isinstance(loaded, Mapping) else {}
    return {}
