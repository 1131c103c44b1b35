"""Solvable models of learning: closed form, numerical solver, matched simulation, a check that can fail, figure."""

import lazy_loader as _lazy

__version__ = "0.1.0"

# The public names are listed in __init__.pyi and loaded at first use, so that importing stays cheap.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
