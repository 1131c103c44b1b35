"""Run ``python -m solvable``."""

from solvable.cli import main

main()
