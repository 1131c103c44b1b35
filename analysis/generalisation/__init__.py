"""Why it generalises: matched experiments and claims."""
