"""Language and vision-language models behind one interface: `ChatModel`, and `make_model` to get one."""

from .base import Capabilities, ChatModel, Message, Options, Reply, Schema, TokenLogprob
from .factory import make_model, require_answer

__all__ = ["Capabilities", "ChatModel", "Message", "Options", "Reply", "Schema", "TokenLogprob", "make_model", "require_answer"]
