"""Zero imputation of missing inputs: matched experiments and claims."""
