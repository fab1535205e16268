"""Maps the rooms at the top of the repository into the one namespace `enactive`."""

from setuptools import find_packages, setup

ROOMS = ("agents", "controllers", "envs", "generative", "perception", "planners")
packages = ["enactive"]
for room in ROOMS:
    packages += [f"enactive.{room}", *(f"enactive.{room}.{sub}" for sub in find_packages(room))]

setup(packages=packages, package_dir={"enactive": "enactive", **{f"enactive.{room}": room for room in ROOMS}})
