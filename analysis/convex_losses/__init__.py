"""Learning theory of convex losses: what is claimed, and what it is measured with."""
