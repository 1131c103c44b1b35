"""Run ``python -m solvable``."""

from solvable.cli import main

if __name__ == "__main__":  # workers of MPI import this file too
    main()
