"""Factorised dynamics: matrix and tensor factors, residual and recurrent depth, random subspaces, random potentials."""
