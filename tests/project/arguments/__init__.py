"""Valid arguments of each family's solvers, by name, and by function where a name means something else there."""
