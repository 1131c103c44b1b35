"""Self-supervised learning in solvable models: pairs, augmentations, projection heads, contrastive losses."""
