"""`enactive train MODEL`: make the data and train a model that ships with the package."""

from __future__ import annotations

from collections.abc import Sequence

from jsonargparse import ArgumentParser

from enactive.errors import ConfigError

MODELS = ("segmenter",)


def main(argv: Sequence[str]) -> int:
    """Train, and print the measured quality."""
    model, *rest = argv or ["--help"]
    if model in ("-h", "--help"):
        print(f"usage: enactive train MODEL ...\n\nmodels: {', '.join(MODELS)}; enactive train MODEL --help tells more.")
        return 0
    if model not in MODELS:
        raise ConfigError(f"there is no model {model!r} to train; known: {', '.join(MODELS)}")

    from enactive.perception.segmenter.train import train_segmenter

    parser = ArgumentParser(prog="enactive train segmenter")
    parser.add_function_arguments(train_segmenter)
    print(train_segmenter(**parser.parse_args(rest).as_dict()))
    return 0
