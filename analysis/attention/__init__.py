"""Random-feature and softmax attention: drawn heads, descent, claims."""
