"""Claims, their verdicts, and where they are kept."""
