"""Claims about feature learning: predictions, matched experiments and problems."""
