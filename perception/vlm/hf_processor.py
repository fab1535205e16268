"""Processors of vision-language models without torchvision: pictures through PIL, no videos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def load_processor(name: str) -> Any:
    """The processor in a folder or of that name on the hub. Raises OSError or ValueError where there is none."""
    from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer
    from transformers.models.auto.processing_auto import processor_class_from_name
    from transformers.processing_utils import ProcessorMixin

    settings, _ = ProcessorMixin.get_processor_dict(name)
    kind = (
        settings.get("processor_class") or f"{type(AutoConfig.from_pretrained(name)).__name__.removesuffix('Config')}Processor"
    )
    cls = processor_class_from_name(kind)
    if cls is None:
        raise ValueError(f"transformers knows no processor called {kind}")
    pictures = AutoImageProcessor.from_pretrained(name, backend="pil")
    tokenizer = AutoTokenizer.from_pretrained(name)
    own = {
        key: value for key, value in settings.items() if key not in ("processor_class", "image_processor", "video_processor")
    }
    return pictures_only(cls)(image_processor=pictures, tokenizer=tokenizer, **own)


def pictures_only(cls: type[Any]) -> type[Any]:
    """A processor class that does without its video processor, which would need torchvision."""
    if "video_processor" not in cls.get_attributes():
        return cls

    class PicturesOnly(cls):
        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            return type(None) if argument is None else super().check_argument_for_proper_class(argument_name, argument)

    PicturesOnly.__name__ = cls.__name__  # which is what a folder of it names
    return PicturesOnly


def save_processor(processor: Any, folder: Path) -> None:
    """Write what `load_processor` reads, also of a processor without its video processor, which its own method cannot write."""
    processor.tokenizer.save_pretrained(folder)
    processor.image_processor.save_pretrained(folder)
    parts = ("tokenizer", "image_processor", "video_processor", "chat_template")
    told = {name: value for name, value in processor.to_dict().items() if name not in parts}
    (folder / "processor_config.json").write_text(json.dumps(told, indent=1) + "\n")
    if processor.chat_template:
        (folder / "chat_template.jinja").write_text(processor.chat_template)
