"""Mathematics: arrays in, arrays out. Knows no paper, no plot, no file."""

import lazy_loader as _lazy

# The public names are listed in __init__.pyi and loaded at first use, so that importing stays cheap.
__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
