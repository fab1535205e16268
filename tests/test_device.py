"""Where models run. Without an accelerator: tensors on torch's device "meta" have no numbers, but do not mix with the CPU's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_d2po_training import PAIRS, tiny, weights
from test_visualprm import EXAMPLES, PLANS
from test_visualprm import tiny as tiny_to_rate
from test_vlm_hf import qwen_model, text_model

from enactive import device as module
from enactive.controllers.poseless.finetune import answer_loss
from enactive.controllers.poseless.language import LanguageEstimator, extend_vocabulary
from enactive.device import device, placed
from enactive.errors import ConfigError
from enactive.perception.vlm import Message, make_model
from enactive.perception.vlm.hf import HFModel, load_model
from enactive.planners.critics.visualprm import Critic, fit_critic, rating_net
from enactive.planners.d2po.examples import Demonstration
from enactive.planners.d2po.fit import Objective, Recipe, fit_demonstrations, fit_preferences
from enactive.planners.d2po.models import load_policy, save_policy

torch.set_num_threads(1)
ASK = [Message("user", "where are mugs?")]
PICTURE = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
RECIPE = Recipe(epochs=1.0, batch=3, rate=3e-3)
DEMONSTRATIONS = [Demonstration("t", pair.prompt, pair.chosen) for pair in PAIRS[:6]]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models go to a device that is not the CPU."""
    monkeypatch.setenv("ENACTIVE_DEVICE", "meta")


def kept(model: HFModel, folder: Path, dtype: torch.dtype = torch.float32) -> Path:
    model.model.to(dtype).save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    if model.capabilities.images:
        model.processor.image_processor.save_pretrained(folder)
        (folder / "processor_config.json").write_text(json.dumps({"processor_class": "Qwen2_5_VLProcessor"}))
    return folder


def test_a_chat_model_is_moved_and_its_inputs_follow(elsewhere: None, tmp_path: Path) -> None:
    text = make_model(f"hf:{kept(text_model(), tmp_path / 'text')}")
    assert isinstance(text, HFModel)
    assert {weight.device.type for weight in text.model.parameters()} == {"meta"}
    assert {part.device.type for part in text.inputs([ASK]).values()} == {"meta"}
    seeing = load_model(str(kept(qwen_model(), tmp_path / "seeing")))
    inputs = seeing.inputs([[Message("user", "what is this?", (PICTURE,))]])
    assert "pixel_values" in inputs
    assert {part.device.type for part in inputs.values()} == {"meta"}


def test_a_model_that_reads_poses_is_moved(elsewhere: None, tmp_path: Path) -> None:
    fresh = qwen_model()
    extend_vocabulary(fresh.model, fresh.tokenizer)
    assert LanguageEstimator(str(kept(fresh, tmp_path))).model.model.device.type == "meta"


def test_an_answer_is_taught_where_the_model_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model = text_model()
    inputs, plain = model.inputs([ASK]), answer_loss(model, ASK, "a mug")
    monkeypatch.setattr(model, "inputs", lambda conversations: inputs)  # they are read by the tokenizer, which knows no device
    with torch.device("meta"):
        assert torch.equal(answer_loss(model, ASK, "a mug"), plain)


def test_a_policy_is_moved_and_rates_where_it_is(elsewhere: None, tmp_path: Path) -> None:
    save_policy(tiny(), tmp_path)
    policy = load_policy(tmp_path)
    assert policy.device.type == "meta"
    row = (policy.prompt_ids(PAIRS[0].prompt), [policy.answer_ids(text) for text in (PAIRS[0].chosen, *PAIRS[0].rejected)])
    said = policy.sibling_logprobs([row])
    assert (said.device.type, tuple(said.shape)) == ("meta", (3,))


def test_every_tensor_of_training_and_of_rating_is_made_where_the_model_is() -> None:
    """What is made without a device is on "meta" here and the models are on the CPU: the two do not mix."""
    plain, strange = tiny(), tiny()
    copied = fit_demonstrations(plain, DEMONSTRATIONS, RECIPE, seed=0)
    preferred = fit_preferences(plain, PAIRS, RECIPE, Objective(), seed=0)
    drawn = plain.answers([pair.prompt for pair in PAIRS], 2, 1.0, seed=3)
    critic, other = Critic(rating_net(tiny_to_rate())), Critic(rating_net(tiny_to_rate()))
    rated = fit_critic(critic, EXAMPLES, "process", RECIPE, 0), critic.step_scores(PLANS)
    with torch.device("meta"):
        assert fit_demonstrations(strange, DEMONSTRATIONS, RECIPE, seed=0) == copied
        assert fit_preferences(strange, PAIRS, RECIPE, Objective(), seed=0) == preferred
        assert strange.answers([pair.prompt for pair in PAIRS], 2, 1.0, seed=3) == drawn
        assert (fit_critic(other, EXAMPLES, "process", RECIPE, 0), other.step_scores(PLANS)) == rated
        ((first, piece),) = other.next_scores([(None, PLANS[0][0])])
        ((second, _),) = other.next_scores([(piece, PLANS[0][1])])
    assert [first, second] == pytest.approx(rated[1][0], abs=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(weights(plain), weights(strange), strict=True))


def test_weights_that_are_trained_as_a_whole_are_in_single_precision(tmp_path: Path) -> None:
    folder = str(kept(text_model(), tmp_path, torch.bfloat16))
    assert load_model(folder).model.dtype == torch.bfloat16
    assert load_model(folder, whole=True).model.dtype == torch.float32


def test_pictures_are_given_in_the_numbers_of_the_model() -> None:
    model = qwen_model()
    model.model.to(torch.bfloat16)
    inputs = model.inputs([[Message("user", "what is this?", (PICTURE,))]])
    assert (inputs["pixel_values"].dtype, inputs["input_ids"].dtype) == (torch.bfloat16, torch.int64)


def test_large_models_go_to_the_accelerator_and_small_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENACTIVE_DEVICE", raising=False)
    monkeypatch.setattr(module, "device", lambda: torch.device("meta"))
    small = torch.nn.Linear(10, 10, bias=False)
    monkeypatch.setattr(module, "LARGE", 101)
    assert placed(small).weight.device.type == "cpu"
    monkeypatch.setattr(module, "LARGE", 100)
    assert placed(small).weight.device.type == "meta"


class Stubborn(torch.nn.Linear):
    """A net that does not get to its device, for a reason of its own."""

    reason = ""

    def to(self, *where: object, **more: object) -> torch.nn.Linear:  # type: ignore[override]
        raise RuntimeError(self.reason)


def test_a_model_that_does_not_fit_is_one_sentence_and_other_failures_stay_what_they_are(elsewhere: None) -> None:
    net = Stubborn(3, 3)
    net.reason = "MPS backend out of memory (MPS allocated: 18.13 GB). Tried to allocate 12.00 MB on private pool."
    with pytest.raises(
        ConfigError, match="does not fit into the memory of meta: take a smaller one, or set ENACTIVE_DEVICE=cpu"
    ):
        placed(net)
    net.reason = "the driver was shut down"
    with pytest.raises(RuntimeError, match="the driver was shut down"):
        placed(net)


@pytest.mark.parametrize("named", ["", "cpu"])
def test_on_a_cpu_nothing_changes(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("ENACTIVE_DEVICE", named)
    monkeypatch.setattr(module, "LARGE", 0)
    if not named:  # as on a machine that has none
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    net = torch.nn.Linear(3, 3).double()
    before = [weight.data_ptr() for weight in net.parameters()]
    assert device() == torch.device("cpu")
    assert placed(net) is net
    assert [weight.data_ptr() for weight in net.parameters()] == before
    assert net.weight.dtype == torch.float64


@pytest.mark.parametrize(("named", "told"), [("gpu", "no device of torch"), ("cuda:97", "no such device")])
def test_a_device_that_is_not_here_is_one_sentence(monkeypatch: pytest.MonkeyPatch, named: str, told: str) -> None:
    monkeypatch.setenv("ENACTIVE_DEVICE", named)
    with pytest.raises(ConfigError, match=told):
        device()
