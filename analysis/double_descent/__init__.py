"""Double descent and optimisation: four axes, the peak against the optimiser, matched experiments, claims."""
