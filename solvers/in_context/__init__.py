"""In-context learning of linear functions: one step of descent, trained linear attention, Bayes with unknown noise."""
