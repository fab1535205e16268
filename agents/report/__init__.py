"""What a run leaves behind: a folder with a page, a video and the whole record."""

from .run_folder import RunFolder

__all__ = ["RunFolder"]
