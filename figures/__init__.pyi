from .registry import Figure as Figure
from .registry import figure as figure
from .registry import figures as figures
from .registry import find_figure as find_figure
