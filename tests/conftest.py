"""What every test begins with."""

import os

os.environ.setdefault("ENACTIVE_DEVICE", "cpu")  # figures to the last digit are those of one kind of processor
