"""Matched experiments of `regression`."""
