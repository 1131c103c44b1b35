"""In-context learning of linear tasks: drawn prompts, trained attention, claims."""
