"""The Explorer: results one turns knobs on, as one self-contained page."""
