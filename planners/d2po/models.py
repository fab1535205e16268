"""What a policy is made of: a small model from scratch, the embedded one, or any of the hub; and its folder on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enactive.errors import ConfigError
from enactive.files import sync_files

from .settings import is_small
from .tokens import word_tokenizer

if TYPE_CHECKING:
    from .policy import Policy

SMALL = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 4}
LORA_RANK = 16
MAKE_ONE = "make one with `enactive train d2po`"


def small_policy(texts: Iterable[str], seed: int, **size: int) -> Policy:
    """A LLaMA of about 1 million random weights over the words of some texts. size: entries of `SMALL` to change."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from .policy import Policy

    tokenizer = word_tokenizer(texts)
    torch.manual_seed(seed)
    settings: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "tie_word_embeddings": True,
        "max_position_embeddings": 512,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": None,
    }
    config = LlamaConfig(**{**settings, **SMALL, **size})
    model: Any = LlamaForCausalLM(config)
    return Policy(model.eval(), tokenizer, "small")


def base_policy(base: str, texts: Iterable[str], seed: int, whole: bool = False) -> Policy:
    """The policy to begin with.

    base: "small", "smollm2" (embedded), the folder of a small policy that was trained here, or a chat model's folder or name.
    whole: all its weights are to be trained, in single precision therefore. Raises ConfigError where it cannot be loaded.
    """
    from .policy import Policy

    if base == "small":
        return small_policy(texts, seed)
    if is_small(base):  # its tokenizer is of single words and has no template of a chat
        return load_policy(Path(base), whole=whole)
    from enactive.perception.vlm.hf import embedded_model, load_model

    loaded = embedded_model(whole) if base == "smollm2" else load_model(base, whole)
    return Policy(loaded.model, loaded.tokenizer, loaded.name, sees_by=loaded.processor if loaded.capabilities.images else None)


def require_base(base: str) -> None:
    """Raises ConfigError where there is no such base for `base_policy`, found without reading the weights of a large one."""
    from enactive.perception.vlm.hf import require_model
    from enactive.pretrained import SMOLLM2, load_path

    if base == "small":
        return
    if base == "smollm2":
        load_path(SMOLLM2)
    elif is_small(base):
        load_policy(Path(base))
    else:
        try:
            require_model(base)
        except ConfigError as problem:
            raise ConfigError(f"{problem}; --base takes small, smollm2, or a model's folder or name on the hub") from problem


def with_lora(policy: Policy, seed: int) -> Policy:
    """The policy with low-rank adapters on the linear layers of its language model, which alone are trained (Hu 2022).

    What sees, in a model that sees, stays as it is: prompts are text.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    from .policy import Policy

    torch.manual_seed(seed)
    layers = _linear_layers(policy.model)
    settings = LoraConfig(r=LORA_RANK, lora_alpha=2 * LORA_RANK, target_modules=layers, task_type="CAUSAL_LM")
    return Policy(get_peft_model(policy.model, settings), policy.tokenizer, policy.name, policy.bf16, policy.sees_by)


def _linear_layers(model: Any) -> list[str]:
    """Names of the linear layers of a model's decoder; its head is not among them."""
    from torch.nn import Linear
    from transformers.pytorch_utils import Conv1D

    decoder = {id(module) for module in model.get_decoder().modules()}
    return [name for name, module in model.named_modules() if id(module) in decoder and isinstance(module, Linear | Conv1D)]


def merged(policy: Policy) -> Policy:
    """The policy with its adapters, where it has any, worked into its weights."""
    from .policy import Policy

    merge = getattr(policy.model, "merge_and_unload", None)
    return policy if merge is None else Policy(merge(), policy.tokenizer, policy.name, policy.bf16, policy.sees_by)


def save_policy(policy: Policy, folder: Path) -> None:
    """Write model.safetensors, config.json and the tokenizer, as transformers does, and what prepares pictures, if it sees.

    They are on the disk when it returns, so that what it was made from may be deleted.
    """
    policy.model.save_pretrained(folder, safe_serialization=True)
    policy.tokenizer.save_pretrained(folder)
    if policy.sees_by is not None:
        from enactive.perception.vlm.hf_processor import save_processor

        save_processor(policy.sees_by, folder)
    sync_files(folder)


def load_policy(folder: Path, name: str = "", whole: bool = False) -> Policy:
    """What `save_policy` wrote, in single precision on a CPU; a large model is on the accelerator where there is one.

    whole: all its weights are to be trained. Raises ConfigError where it cannot be read.
    """
    if not folder.is_dir():  # transformers would take it for a name of the hub
        raise ConfigError(f"there is no policy in {folder}, which is no folder: {MAKE_ONE}")
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    from enactive.device import placed
    from enactive.perception.vlm.hf_processor import load_processor

    from .policy import Policy

    try:
        config = AutoConfig.from_pretrained(folder)
        sees = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
        kind: Any = AutoModelForImageTextToText if sees else AutoModelForCausalLM
        model = kind.from_pretrained(folder, dtype="float32", use_safetensors=True)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        sees_by = load_processor(str(folder)) if sees and (folder / "processor_config.json").exists() else None
    except (OSError, ValueError, SafetensorError) as problem:
        said = " ".join(str(problem).split())[:200]
        raise ConfigError(f"there is no policy in {folder} ({said}): {MAKE_ONE}") from problem
    return Policy(placed(model.eval(), whole), tokenizer, name or str(folder), sees_by=sees_by)
