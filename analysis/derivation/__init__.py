"""Checking a formula that a user brings: notation, implicit quantities, diagnoses, report."""
