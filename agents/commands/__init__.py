"""Sub-commands of `enactive`: each module has `main(argv) -> exit status`."""
