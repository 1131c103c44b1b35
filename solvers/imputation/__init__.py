"""Missing data filled with zeros."""
