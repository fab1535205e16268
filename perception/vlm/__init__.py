"""Language and vision-language models behind one interface: `ChatModel`, and `make_model` to get one."""

from .base import Capabilities, ChatModel, Message, Options, Reply, Schema, TokenLogprob
from .factory import chat_model, make_model, require_answer

__all__ = [
    "Capabilities",
    "ChatModel",
    "Message",
    "Options",
    "Reply",
    "Schema",
    "TokenLogprob",
    "chat_model",
    "make_model",
    "require_answer",
]
