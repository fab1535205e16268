"""A word-level tokenizer of the household, for models small enough to be trained from scratch.

Names of things ("kitchen counter"), verbs ("pick up") and the fixed phrases of the prompt are one token each: a command takes
two tokens, and naming a thing is copying one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from enactive.envs.household.facts import KINDS

from .prompt import WORDS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, END, UNKNOWN = "<pad>", "<end>", "<unknown>"
PHRASES = ("failed because", "in view:", "seen so far:", "in the apartment:", "the hand is empty.", "the hand holds the")


def word_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer that knows the words of some texts, every name of a thing and every verb; other words are `<unknown>`."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    names = {name.lower() for kind in KINDS.values() for name in (kind.category, *kind.synonyms)}
    phrases = sorted({*PHRASES, *WORDS.values(), *names}, key=lambda phrase: (-len(phrase), phrase))
    pattern = "|".join((*(rf"\b{re.escape(phrase)}(?!\w)" for phrase in phrases), r"\w+:?", r"[^\w\s]"))
    looks = {word for kind in KINDS.values() for word in (*kind.colours, *kind.materials, *kind.shapes)}
    seen = {word for text in texts for word in re.findall(pattern, text.lower())}
    vocabulary = {word: i for i, word in enumerate((PAD, END, UNKNOWN, *sorted({*seen, *looks, *phrases})))}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Split(Regex(pattern.replace(r"\ ", " ")), behavior="removed", invert=True)
    build: Any = PreTrainedTokenizerFast
    return build(tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, unk_token=UNKNOWN)
