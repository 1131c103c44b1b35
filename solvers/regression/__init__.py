"""Regression beyond ridge: bags of responses, linear splines, Sobolev norms, structural equations."""
