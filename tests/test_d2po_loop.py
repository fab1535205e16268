"""D2PO in the agent loop: the policy is told there what it is told in training, and a wrong answer fails the trial."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from transformers import AutoConfig, LlamaConfig

import enactive.envs  # noqa: F401  # registers HouseholdTask
from enactive.agents import Agent
from enactive.agents.commands.eval import main as evaluate_command
from enactive.agents.commands.eval import read_component
from enactive.agents.report.page import _commands
from enactive.controllers.interaction import InteractionController
from enactive.envs import TaskGoal
from enactive.envs.household.tasks.expert import expert_plan
from enactive.envs.household.tasks.suites import load_tasks
from enactive.envs.household.tasks.symbolic import Command
from enactive.envs.household.tasks.task import layout_of, start_of
from enactive.errors import ConfigError
from enactive.perception.tasks import TaskPerceiver
from enactive.planners.d2po.demonstrate import demonstrate
from enactive.planners.d2po.episodes import Episode
from enactive.planners.d2po.evaluate import Outcome
from enactive.planners.d2po.hiding_places import hiding_places
from enactive.planners.d2po.models import save_policy, small_policy
from enactive.planners.d2po.planner import D2PO
from enactive.planners.d2po.policy import Policy
from enactive.planners.d2po.prompt import AnswerError, command_text
from enactive.planners.d2po.replanning import Refusals, came_true, commands_of
from enactive.planners.d2po.report import replayed
from enactive.planners.d2po.weights import ship, shipped_policy

TASK = next(task for task in load_tasks("val_seen") if task.type == "clean")
TINY = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture
def folder(tmp_path):
    """A policy of random weights, as `enactive train d2po` would ship it."""
    ship(small_policy(["goal: mug"], 0, **TINY), {"command": "none"}, tmp_path)
    return tmp_path


class Prompted:
    """Answers the prompts that the expert's episode has in training, one of them refused first, and no others."""

    def __init__(self, episode: Episode) -> None:
        from enactive.planners.d2po.prompt import parse_command

        moment, self.answer_to = episode.start(), {}
        shown = demonstrate(episode, np.random.default_rng(0), hiding_places([episode.layout]), slips=0.0)
        for answer in ("pick up fridge", *(step.answer for step in shown)):
            self.answer_to[moment.prompt] = answer
            moment = episode.step(moment, parse_command(answer))

    def read(self, prompt, before=None):
        return prompt

    def answers_to(self, prompt, *draw, tokens=0):
        return ["a prediction" if prompt.endswith("then:") else self.answer_to.get(prompt, "lost")]


def run(planner):
    env = gym.make("enactive/HouseholdTask-v0", mode="symbolic", split="val_seen")
    agent = Agent(TaskPerceiver(), planner, InteractionController(), max_steps=26)
    episode = agent.run(env, TaskGoal(TASK.instruction), options={"task": TASK}, seed=0)
    env.close()
    return episode


def test_the_loop_tells_the_policy_what_training_did(folder):
    planner = D2PO(folder, alternatives=0)
    planner.policy = Prompted(Episode(TASK, "visible"))
    episode = run(planner)
    assert episode.metrics["success"], (episode.error, planner.trace)
    assert episode.metrics["num_invalid_actions"] == 2  # the fridge, and the look for what is shut away
    assert episode.steps[0].trace["predicted"] == "a prediction"
    thoughts = [step.trace.get("thought", "") for step in episode.steps]
    assert thoughts[:2] == ["", f"pick up {TASK.object}"]
    assert [step.trace["reason"] for step in episode.steps[:2]] == ["pick up fridge", f"find {TASK.object}"]


def test_the_prompt_is_read_once_and_the_choices_are_those_of_reading_it_each_time():
    """With the policy that ships: what is said, with which probability, the others and the predictions; and the tokens read."""
    read = Policy.read

    class Anew(Policy):
        """Reads the prompt for each question, from its beginning."""

        def read(self, prompt, before=None):
            return prompt

        def answers_to(self, prompt, *draw, **more):
            return self.answers([prompt], *draw, **more)[0]

        def likely(self, prompt, count):
            return super().likely(read(self, prompt), count)

    def decisions(kind):
        planner, tokens = D2PO(), []
        policy = planner.policy
        planner.policy = kind(policy.model, policy.tokenizer, policy.name, bf16=False)
        policy.model.register_forward_pre_hook(
            lambda module, given, named: tokens.append(named["input_ids"].numel()), with_kwargs=True
        )
        traces = [step.trace for step in run(planner).steps]
        return traces, sum(tokens)

    (shared, few), (apart, many) = decisions(Policy), decisions(Anew)
    assert len(shared) == len(apart) > 5
    for one, other in zip(shared, apart, strict=True):
        for name in ("reason", "predicted", "instead_of", "came_true"):
            assert one.get(name) == other.get(name)
        assert one["probability"] == pytest.approx(other["probability"], abs=2e-4)
        assert one["alternatives"] == pytest.approx(other["alternatives"], abs=2e-4)
    assert few < 0.6 * many


def test_an_answer_that_is_no_command_fails_the_trial(folder):
    planner = D2PO(folder, alternatives=0)
    planner.policy.answers_to = lambda reading, *draw, tokens=0: ["dance with the mug"]
    episode = run(planner)
    assert episode.outcome == "error"
    assert "no command" in episode.error
    assert "dance" in episode.error
    assert (episode.metrics["planner_output_error"], episode.metrics["error_kind"]) == (1, "other")


def test_the_table_counts_an_answer_that_is_no_command_among_the_other_errors():
    plan = [command_text(command) for command in expert_plan(layout_of(TASK), start_of(layout_of(TASK), TASK), TASK)]
    for said in (plan[:1], plan):
        turns = tuple((text, "") for text in said)
        wrong = replayed(TASK, Outcome(TASK.id, TASK.type, False, 0.0, 0.0, False, turns, "dance with the mug"))
        assert (wrong.success, wrong.planner_output_error, wrong.error_kind) == (False, 1, "other")
    assert replayed(TASK, Outcome(TASK.id, TASK.type, True, 1.0, 1.0, False, turns)).success


def test_weights_that_changed_are_refused(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match="corrupt"):
        shipped_policy(folder)
    with pytest.raises(ConfigError, match=r"corrupt .*: make it again with `enactive train d2po --ship_to FOLDER`$"):
        D2PO(folder)
    path.with_name("card.json").unlink()
    with pytest.raises(ConfigError, match="missing"):
        shipped_policy(folder)


def test_to_ship_into_a_folder_leaves_what_else_lies_there_as_it_is(tmp_path):
    (tmp_path / "mine").mkdir(mode=0o755)
    (tmp_path / "key").write_text("secret")
    (tmp_path / "key").chmod(0o600)
    written = {"model.safetensors", "config.json", "tokenizer.json", "card.json"}
    policy = small_policy(["goal: mug"], 0, **TINY)
    policy.tokenizer.chat_template = {"default": "{{ messages }}", "tools": "{{ tools }}"}  # the second in a folder
    for _ in range(2):  # the second time over what the first wrote, closed meanwhile
        ship(policy, {}, tmp_path)
        assert [path.name for path in (tmp_path / "additional_chat_templates").iterdir()] == ["tools.jinja"]
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert (modes.pop("mine"), modes.pop("key")) == (0o755, 0o600)
        assert modes.pop("additional_chat_templates") & 0o111
        assert written <= modes.keys()
        assert set(modes.values()) == {0o644}
        for name in written:
            (tmp_path / name).chmod(0o600)
    assert (tmp_path / "key").read_text() == "secret"
    assert shipped_policy(tmp_path).name.startswith(f"{tmp_path.name}@")


def test_the_folders_of_a_training_run_are_policies(tmp_path):
    save_policy(small_policy(["goal: mug"], 0, **TINY), tmp_path / "sft")
    assert D2PO(tmp_path / "sft").policy.name == str(tmp_path / "sft")
    (tmp_path / "dpo").mkdir()
    with pytest.raises(ConfigError, match=r"^there is no policy in .*dpo \(.*\): make one with `enactive train d2po`$"):
        D2PO(tmp_path / "dpo")


def test_a_folder_that_is_not_there_is_not_taken_for_a_name_of_the_hub(monkeypatch):
    asked = []
    monkeypatch.setattr(AutoConfig, "from_pretrained", lambda name, **settings: asked.append(name) or LlamaConfig())
    with pytest.raises(ConfigError, match=r"^there is no policy in runs/d2op, which is no folder: make one with"):
        D2PO(Path("runs/d2op"))
    assert asked == []


def test_the_command_line_evaluates_it_and_resumes(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("eval")
    words = ["--suite", "household/tasks", "--split", "val_seen", "--episodes", "2", "--max_steps", "2", "--out", str(out)]
    words += ["--planner", "D2PO", "--planner.policy", str(folder)]
    assert evaluate_command(words) == 0
    rows = (out / "episodes.jsonl").read_text()
    assert len(rows.splitlines()) == 2
    assert evaluate_command(words) == 0
    assert (out / "episodes.jsonl").read_text() == rows


TOLD = {"known_objects": (), "holding": "", "message": "", "refused": False}
THINGS = ("mug", "plate", "book", "pillow", "apple", "knife")


def first_commands(written):
    """What a planner, as it is written after --compare, says first to each of some goals, be it no command."""
    planner, said = read_component(written, "planners").build(), []
    planner.policy.bf16 = False
    for thing in THINGS:
        planner.reset(TaskGoal(f"put a {thing} on the bed"), embodiment=None)
        try:
            planner.plan(SimpleNamespace(extra=TOLD))
            said.append(planner.trace["reason"])
        except AnswerError as error:
            said.append(str(error))
    return said


def test_a_temperature_without_a_critic_draws_by_the_seed_and_none_is_greedy():
    bare = "predict=false, alternatives=0"
    greedy = first_commands(f"D2PO({bare})")
    assert first_commands(f"D2PO({bare}, temperature=0.001, seed=3)") == greedy
    drawn = first_commands(f"D2PO({bare}, temperature=3.0)")
    assert drawn == first_commands(f"D2PO({bare}, temperature=3.0)") != greedy
    assert first_commands(f"D2PO({bare}, temperature=3.0, seed=1)") != drawn


def test_every_prompt_has_a_draw_of_its_own(folder):
    planner, asked = D2PO(folder, predict=False, alternatives=0, temperature=0.7), []
    planner.policy.answers_to = lambda reading, *draw: asked.append(draw) or ["done"]
    for thing in THINGS:
        planner.reset(TaskGoal(f"put a {thing} on the bed"), embodiment=None)
        planner.plan(SimpleNamespace(extra=TOLD))
    assert {draw[:2] for draw in asked} == {(1, 0.7)}
    assert len({seed for _, _, seed in asked}) == len(THINGS)


def test_a_temperature_below_zero_is_refused(folder):
    with pytest.raises(ConfigError, match="the temperature of D2PO must be 0, the likeliest command, or more, not -1"):
        D2PO(folder, temperature=-1.0)


class Stubborn:
    """Says one command again and again, and knows others: the first is none, the second is refused too, the third is right."""

    def read(self, prompt, before=None):
        return prompt

    def answers_to(self, prompt, *draw, tokens=0):
        return ["failed because" if prompt.endswith("then:") and self.foresees else "pick up fridge"]

    def likely(self, prompt, count):
        rated = (("pick up fridge", 0.5), ("dance", 0.2), ("find unicorn", 0.1), ("find kitchen counter", 0.05))
        return rated[:count]

    def __init__(self, foresees):
        self.foresees = foresees


def commands(planner):
    return [step.trace["reason"] for step in run(planner).steps[:5]]


@pytest.mark.parametrize("foresees", [False, True])
def test_a_command_that_was_refused_is_not_said_again_while_nothing_changes(folder, foresees):
    planner = D2PO(folder)
    planner.policy = Stubborn(foresees)
    episode = run(planner)
    said = [step.trace["reason"] for step in episode.steps]
    # the counter is another scene, in which the fridge is tried again, once
    assert said[:5] == ["pick up fridge", "find unicorn", "find kitchen counter", "pick up fridge", "find kitchen counter"]
    assert episode.steps[1].trace["instead_of"] == "pick up fridge"
    assert episode.steps[1].trace["came_true"] is False
    assert episode.steps[0].trace["alternatives"] == {"dance": 0.2, "find unicorn": 0.1, "find kitchen counter": 0.05}


def test_a_refusal_that_is_not_acted_on_is_repeated(folder):
    planner = D2PO(folder, replan=False)
    planner.policy = Stubborn(foresees=False)
    assert commands(planner) == ["pick up fridge"] * 5


def test_without_predictions_a_refusal_bars_too(folder):
    planner = D2PO(folder, predict=False)
    planner.policy = Stubborn(foresees=True)
    assert commands(planner)[:3] == ["pick up fridge", "find unicorn", "find kitchen counter"]


def test_what_is_barred_is_free_again_when_the_world_has_changed():
    refusals = Refusals()
    for command, scene in ((Command("Find", "mug"), "a"), (Command("PutDown", "fridge"), "b")):
        refusals.say(command, scene)
        refusals.hear(refused=True)
    assert refusals.bars(Command("Find", "mug"), "elsewhere")
    assert refusals.bars(Command("PutDown", "fridge"), "b")
    assert not refusals.bars(Command("PutDown", "fridge"), "elsewhere")
    refusals.say(Command("Find", "fridge"), "b")
    refusals.hear(refused=False)
    assert refusals.bars(Command("PutDown", "fridge"), "b")
    refusals.say(Command("Open", "fridge"), "b")
    refusals.hear(refused=False)
    assert not refusals.bars(Command("PutDown", "fridge"), "b")
    assert not refusals.bars(Command("Find", "mug"), "a")


@pytest.mark.parametrize(
    ("predicted", "message", "refused", "true"),
    [
        ("a mug is in view at the desk. hand: nothing. at: mug", "a mug is in view at the desk", False, True),
        ("a mug", "a mug is in view at the desk", False, False),
        ("", "the mug is in the hand", False, False),
        ("failed because no mug is in view. hand: nothing", "no mug is in view; look elsewhere", True, True),
        ("no mug is in view", "no mug is in view; look elsewhere", True, False),
    ],
)
def test_a_prediction_came_true_where_its_first_sentence_is_what_happened(predicted, message, refused, true):
    assert came_true(predicted, message, refused) is true


def test_the_likeliest_answers_have_the_probabilities_that_the_model_gives_them(folder):
    policy = shipped_policy(folder)
    likely = policy.likely("goal: mug next:", 4)
    assert [chance for _, chance in likely] == sorted((chance for _, chance in likely), reverse=True)
    for text, chance in likely:
        assert np.isclose(np.log(chance), policy.score("goal: mug next:", [text])[0], atol=1e-4)


def test_the_report_has_the_probability_the_others_and_what_became_of_the_prediction():
    def step(index, target, ok, **trace):
        feedback = {"ok": ok, "message": "a mug is in view" if ok else "no pen is in view"}
        return {"index": index, "intent": {"verb": "Find", "target": target}, "feedback": feedback, "trace": trace}

    first = step(0, "mug", True, probability=0.75, alternatives={"find pen": 0.2, "done": 0.0001}, predicted="")
    second = step(1, "pen", False, probability=0.5, alternatives={}, instead_of="find mug", predicted="a pen", came_true=False)
    table = _commands([first, second])
    assert "<td>1</td><td>Find mug</td><td>75.0%; else find pen 20.0%</td><td>(nothing)</td><td>done</td>" in table
    assert "<td>a mug is in view</td><td>no</td></tr>" in table
    assert "<td>50.0%; instead of find mug, which was refused here before</td><td>a pen</td><td>refused</td>" in table
    assert table.endswith("<td>no pen is in view</td><td></td></tr></table>")  # nobody has judged the last one


def test_a_command_is_as_likely_as_all_reasons_for_it_together():
    likely = [("pick up mug: find sofa", 0.3), ("find mug", 0.25), ("pick up cup: find mug", 0.2), ("done", 0.1)]
    assert list(commands_of(likely).items()) == [("find mug", pytest.approx(0.45)), ("find sofa", 0.3), ("done", 0.1)]
