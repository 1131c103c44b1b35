"""Neural-collapse geometry of unconstrained features: settings, experiments and claims."""
