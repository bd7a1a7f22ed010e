"""Secrets: the grammar of references, the value that never shows itself, and one backend a scheme."""
