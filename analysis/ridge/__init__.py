"""Ridge and kernel ridge regression: closed forms, matched experiments, claims."""
