"""Model collapse in regression: matched chains of generators and claims."""
