"""Sweeps over a grid of parameters: what is asked, how it is cut, who computes it, where it is kept."""
