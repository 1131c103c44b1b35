"""Matched experiments of in-context learning."""
