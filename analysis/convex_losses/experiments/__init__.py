"""Matched experiments: minimisers of others, linear programs, drawn networks."""
