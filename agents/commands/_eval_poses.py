"""`enactive eval --suite hand/poses`: readers of a hand's pose over held-out pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jsonargparse import ArgumentParser
from rich.console import Console
from rich.markdown import Markdown

from enactive import __version__
from enactive.agents.component import Component
from enactive.errors import ConfigError

from .eval import POSE_SUITE, progress_bar, read_component, read_names

_HOME = "enactive.controllers.poseless"
READERS: Mapping[str, str] = {
    "PoseLess": f"{_HOME}.estimator.ParallelEstimator",
    "Keypoints": f"{_HOME}.keypoint_ik.KeypointEstimator",
    "MeanPose": f"{_HOME}.baselines.MeanPose",
    "MiddlePose": f"{_HOME}.baselines.MiddlePose",
    "MediaPipe": f"{_HOME}.mediapipe_ik.MediaPipeEstimator",
}
USUAL = [name for name in READERS if name != "MediaPipe"]  # compared where none are named: it needs files that are fetched


def main(argv: Sequence[str]) -> int:
    """Evaluate, resume where an earlier run ended, print the table and write it beside the results."""
    chosen = _parser().parse_args(list(argv))
    if chosen.episodes < 1 or not chosen.conditions:
        raise ConfigError("--episodes must be at least 1, and --conditions name at least one")
    compared = [name for name in USUAL if name != chosen.reader] if chosen.compare is None else chosen.compare
    readers = {text: _reader(text) for text in [chosen.reader, *compared]}
    if len(readers) <= len(compared):
        raise ConfigError("--compare names a reader twice")

    import torch

    from enactive.agents.pose_evaluation import evaluate_poses
    from enactive.agents.pose_table import plot_poses, poses_markdown
    from enactive.agents.results import writing

    torch.set_num_threads(1)
    folder = chosen.out or Path("runs/eval") / f"hand-poses-{chosen.split}-{readers[chosen.reader].name.rpartition('.')[2]}"
    with progress_bar() as progress:
        bar = progress.add_task("", total=None, tally="")
        rows = evaluate_poses(
            readers,
            chosen.conditions,
            chosen.split,
            chosen.episodes,
            folder,
            settings={"suite": POSE_SUITE, "split": chosen.split, "version": __version__, **weights_used()},
            on_result=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    text = poses_markdown(rows, f"{POSE_SUITE}, {chosen.split}")
    with writing(folder):
        (folder / "table.md").write_text(text)
        plot_poses(rows, folder / "table.png")
    Console().print(Markdown(text))
    print(f"{folder}/table.md, table.png, episodes.jsonl")
    return 0


def _parser() -> ArgumentParser:
    from enactive.envs.shadow_hand import conditions
    from enactive.envs.shadow_hand.views import Split

    parser = ArgumentParser(
        prog="enactive eval", description="Compare readers of a hand's pose on pictures that none has seen."
    )
    parser.add_argument("--config", action="config")
    parser.add_argument("--suite", type=str, default=POSE_SUITE)
    parser.add_argument("--split", type=Split, default="test")
    parser.add_argument("--episodes", type=int, default=200, help="the first so many pictures under each condition")
    others = ", ".join(name for name in conditions.CONDITIONS if name not in conditions.USUAL)
    parser.add_argument(
        "--conditions",
        type=list[str],
        default=list(conditions.USUAL),
        help=f"how pictures come about, the first told in full; besides those of the default: {others}",
    )
    names = ", ".join(READERS)
    parser.add_argument("--reader", type=str, default="PoseLess", help=f"{names}, or the import path of a `PoseEstimator`")
    parser.add_argument(
        "--compare",
        type=read_names,
        default=None,
        help="further readers; where not given, the others of these but MediaPipe, which needs files that are fetched",
    )
    parser.add_argument(
        "--out", type=Path, default=None, help="folder of the results; default runs/eval/hand-poses-SPLIT-READER"
    )
    return parser


def weights_used() -> dict[str, str]:
    """Hashes of the weights that ship: results with others are not to be mixed with these."""
    from enactive.controllers.poseless.small_language import WRITER_WEIGHTS
    from enactive.controllers.poseless.weights import WEIGHTS
    from enactive.pretrained import sha256_of

    return {"weights": sha256_of(WEIGHTS), "language_weights": sha256_of(WRITER_WEIGHTS)}


def _reader(text: str) -> Component:
    """A reader by its short name or import path, with arguments where wanted."""
    written = read_component(text, "controllers")
    return Component(written.group, READERS.get(written.name, written.name), written.arguments)
