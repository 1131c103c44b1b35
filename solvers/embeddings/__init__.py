"""Linear embeddings of users and items, representers, index spaces and the choice of tasks."""
