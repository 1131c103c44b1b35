"""Regression beyond ridge: matched experiments and claims."""
