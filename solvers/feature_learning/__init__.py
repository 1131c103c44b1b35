"""Lazy and rich training of a quadratic network, limits of wide parametrisations, modular addition."""
