"""Words: sentences, symbols, references, names and files."""
