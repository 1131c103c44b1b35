"""Claims of infinitely wide networks."""
