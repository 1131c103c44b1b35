"""Random features, shallow and deep: settings, matched experiments, claims."""
