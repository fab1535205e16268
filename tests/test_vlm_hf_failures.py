"""What torch raises while a model works ends the trial with its cause, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import pytest
import torch
from test_vlm_hf import text_model

import enactive.envs  # noqa: F401  # registers HouseholdTask
from enactive.agents import Agent
from enactive.controllers.interaction import InteractionController
from enactive.envs import TaskGoal
from enactive.envs.household.tasks.suites import load_tasks
from enactive.errors import ModelError
from enactive.perception.tasks import TaskPerceiver
from enactive.perception.vlm import Message, Options
from enactive.perception.vlm.hf import HFModel
from enactive.planners.language import LanguagePlanner

torch.set_num_threads(1)
ASK = [Message("user", "where are mugs?")]
BRIEF = Options(max_tokens=2)


def greedy() -> HFModel:
    """Asks for more memory than any machine has."""
    model = text_model()
    model.model.model.layers[1].register_forward_pre_hook(lambda *_: torch.empty(1 << 60, dtype=torch.uint8) and None)
    return model


def misshapen() -> HFModel:
    model = text_model()
    model.model.model.layers[0].mlp.up_proj = torch.nn.Linear(7, 64)
    return model


def of_another_tokenizer() -> HFModel:
    model = text_model()
    model.model.model.embed_tokens = torch.nn.Embedding(3, 32)
    return model


Call = Callable[[HFModel], Any]
CALLS: dict[str, Call] = {
    "chat": lambda model: model.chat(ASK, BRIEF),
    "chat_many": lambda model: model.chat_many([ASK, ASK], BRIEF),
    "score": lambda model: model.score(ASK, ["yes", "no"]),
    "hidden_states": lambda model: model.hidden_states(ASK),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (greedy, r"^tiny-llama-0 on cpu, at a prompt of \d+ tokens, ran out of memory \(.*\): make the prompt .* smaller"),
        (misshapen, r"^tiny-llama-0 on cpu, .* failed \(RuntimeError: mat1 and mat2 shapes .*\): use a shorter prompt"),
        (of_another_tokenizer, r"failed \(IndexError: index out of range in self\): .* tokenizer .* belongs to the weights$"),
    ],
)
def test_what_torch_raises_is_one_sentence_with_the_way_out(broken: Callable[[], HFModel], told: str, call: Call) -> None:
    with pytest.raises(ModelError, match=told):
        call(broken())


class TooLarge(torch.Tensor):
    """A tensor for which there is no room on any device."""

    def to(self, *where: Any, **more: Any) -> Any:
        return torch.empty(1 << 60, dtype=torch.uint8)


def test_inputs_that_find_no_room_are_one_sentence_and_what_is_no_tensor_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    model = text_model()
    prepared = dict(model.inputs([ASK]))
    monkeypatch.setattr(model.processor, "apply_chat_template", lambda *_, **__: prepared)
    prepared["sizes"] = [[2, 3]]
    assert model.inputs([ASK])["sizes"] == [[2, 3]]
    prepared["attention_mask"] = prepared["attention_mask"].as_subclass(TooLarge)
    with pytest.raises(ModelError, match=r"^tiny-llama-0 on cpu, at a prompt of \d+ tokens, ran out of memory"):
        model.inputs([ASK])


def test_a_trial_whose_model_runs_out_of_memory_has_failed_with_its_cause() -> None:
    task = load_tasks("val_seen")[0]
    env = gym.make("enactive/HouseholdTask-v0", split="val_seen", mode="symbolic")
    agent = Agent(TaskPerceiver(), LanguagePlanner(greedy()), InteractionController(), max_steps=25)
    ended = agent.run(env, TaskGoal(task.instruction), options={"task": task}, seed=0)
    assert (ended.outcome, ended.error_kind) == ("error", "ModelError")
    assert "ran out of memory" in ended.error
    assert ended.steps == []
