"""Sizes in sentences. Pure."""

from __future__ import annotations


def too_large(size: int, limit: int) -> str:
    """That policy allows no mail of this size, both in octets."""
    return f"the mail has {in_units(size)}, and the organisation allows {in_units(limit)} (policy.max_size)"


def in_units(size: int) -> str:
    """Bytes as a person reads them."""
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"
