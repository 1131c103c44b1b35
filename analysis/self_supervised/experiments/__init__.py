"""Matched experiments of self-supervised learning."""
