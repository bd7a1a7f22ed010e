"""Patterns of recipients such as `*@acme.example`: what is wrong with one, and whom it covers. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase

from dtsconf.names import has_controls, parse_address, to_ascii


def pattern_fault(pattern: str) -> tuple[str, str | None] | None:
    """What is wrong with a recipient pattern such as `*@acme.example`; None when it can match an address."""
    if not pattern:
        return "is empty", "write an address or a pattern such as *@acme.example"
    if has_controls(pattern) or " " in pattern:
        return "has a blank or control character in it", None
    if pattern == "*" or all(pattern.rpartition("@")):
        return None
    domain = pattern.lstrip("@*.")
    if domain and pattern.startswith((".", "*.")):
        return "matches no address", f"write *@*.{domain} for the domains below {domain}, *@{domain} for itself"
    return "matches no address", f"write *@{domain or 'acme.example'}"


def matches_recipient(pattern: str, address: str) -> bool:
    """Whether the pattern (`*` and `?` are wildcards, on either side of the @) covers the address, case aside.

    International domains match in either spelling. An address that is none matches nothing.
    """
    try:
        local, domain = parse_address(address)
    except ValueError:
        return False
    if pattern == "*":
        return True
    wanted_local, _, wanted_domain = pattern.rpartition("@")
    return _glob(wanted_local, local) and _glob(_comparable(wanted_domain), _comparable(domain))


def _comparable(domain: str) -> str:
    """Label by label in A-labels, so that `*.münchen.example` meets `xn--...`; labels with wildcards stay."""
    return ".".join(label if "*" in label or "?" in label else _try_ascii(label) for label in domain.split("."))


def _try_ascii(label: str) -> str:
    try:
        return to_ascii(label)
    except ValueError:
        return label


def _glob(pattern: str, text: str) -> bool:
    return fnmatchcase(text.casefold(), pattern.casefold().replace("[", "[[]"))  # brackets are no wildcards here
