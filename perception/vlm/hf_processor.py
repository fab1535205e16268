"""Processors of vision-language models without torchvision: pictures through PIL, no videos."""

from __future__ import annotations

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

    return PicturesOnly
