"""Linear embeddings, item models, representers, index spaces: claims, matched experiments, words."""
