"""MuJoCo, imported once the way to its off-screen renderer is chosen."""

from __future__ import annotations

import ctypes
import os
import sys

from enactive.errors import ConfigError


def _choose_renderer() -> None:
    """Set MUJOCO_GL where the user did not: EGL, or OSMesa where there is no EGL."""
    if "MUJOCO_GL" in os.environ or sys.platform != "linux":
        return
    for name, library in (("egl", "libEGL.so.1"), ("osmesa", "libOSMesa.so.8"), ("osmesa", "libOSMesa.so.6")):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        os.environ["MUJOCO_GL"] = name
        return
    raise ConfigError("no off-screen OpenGL was found; install it with: apt-get install -y libegl1 libgl1-mesa-dri")


_choose_renderer()

import mujoco  # noqa: E402

__all__ = ["mujoco"]
