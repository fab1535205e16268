"""`enactive train MODEL`: make the data and train a model that ships with the package."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

from jsonargparse import ArgumentParser

from enactive.errors import ConfigError

from ._docstrings import explain

MODELS: Mapping[str, str] = {
    "segmenter": "enactive.perception.segmenter.train:train_segmenter",
    "forms": "enactive.perception.form_training:train_forms",
    "poseless": "enactive.controllers.poseless.train:train_poseless",
    "d2po": "enactive.planners.d2po.train:train_d2po",
    "critic": "enactive.planners.critics.train:train_critic",
}


def main(argv: Sequence[str]) -> int:
    """Train, and print the measured quality."""
    model, *rest = argv or ["--help"]
    if model in ("-h", "--help"):
        print(f"usage: enactive train MODEL ...\n\nmodels: {', '.join(MODELS)}; enactive train MODEL --help tells more.")
        return 0
    if model not in MODELS:
        raise ConfigError(f"there is no model {model!r} to train; known: {', '.join(MODELS)}")
    module, _, function = MODELS[model].partition(":")
    train = getattr(importlib.import_module(module), function)
    parser = ArgumentParser(prog=f"enactive train {model}")
    parser.add_function_arguments(train)
    explain(parser, train)
    print(train(**parser.instantiate_classes(parser.parse_args(rest)).as_dict()))
    return 0
