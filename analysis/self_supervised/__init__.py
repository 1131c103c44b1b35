"""Self-supervised learning: claims, matched experiments, words."""
