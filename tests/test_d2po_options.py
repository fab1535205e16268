"""What is asked of a training: what nothing can come of is refused first, and what is asked is in the card as a command."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from test_device import kept
from test_vlm_hf import text_model

from enactive.errors import ConfigError
from enactive.planners.d2po.models import base_policy
from enactive.planners.d2po.train import train_d2po
from enactive.planners.d2po.weights import WEIGHTS, shipped_policy

torch.set_num_threads(1)


def test_a_small_policy_that_was_trained_here_is_a_base_by_its_folder() -> None:
    policy, shipped = base_policy(str(WEIGHTS), (), 0), shipped_policy()
    assert policy.name == str(WEIGHTS)
    assert policy.score("goal: find the mug. next:", ["find mug"]) == shipped.score("goal: find the mug. next:", ["find mug"])


def test_a_base_that_is_not_there_is_found_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("enactive.device.LARGE", 0)  # what lies in a folder was trained by others
    chat = text_model()
    chat.tokenizer.chat_template = None
    bare = kept(chat, tmp_path / "bare")
    (tmp_path / "empty").mkdir()
    for base, said in (
        (str(tmp_path / "nowhere"), "cannot be loaded .*; --base takes small, smollm2, or a model's folder or name on the hub"),
        (str(tmp_path / "empty"), "cannot be loaded"),
        (str(bare), "has no chat template: use an instruction-tuned model"),
    ):
        with pytest.raises(ConfigError, match=said):
            train_d2po(base, out=tmp_path / "run", apartments=1, practice=1)
        assert not (tmp_path / "run").exists()  # the same command with another base finds no plan of this one
