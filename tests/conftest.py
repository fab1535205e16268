"""What every test begins with."""

import os

from hypothesis import settings

os.environ.setdefault("ENACTIVE_DEVICE", "cpu")  # figures to the last digit are those of one kind of processor
settings.register_profile("enactive", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("enactive")
