"""Patterns of recipients."""

from __future__ import annotations

import pytest

from dtsconf.settings.patterns import matches_recipient, pattern_fault


@pytest.mark.parametrize(
    ("pattern", "address", "covered"),
    [
        ("*@acme.example", "ann@acme.example", True),
        ("*@acme.example", "ANN@ACME.EXAMPLE", True),
        ("*@acme.example", "ann@sub.acme.example", False),
        ("*@acme.example", "ann@acme.example.evil.example", False),
        ("*@acme.example", "ann@evil.example@acme.example", False),
        ("*@acme.example", '"x@evil.example"@acme.example', True),
        ("*@*.acme.example", "ann@a.b.acme.example", True),
        ("ann@acme.example", "ann@acme.example", True),
        ("ann@acme.example", "bob@acme.example", False),
        ("a?n@acme.example", "ann@acme.example", True),
        ("a[n]n@acme.example", "ann@acme.example", False),
        ("*@müller.example", "ann@xn--mller-kva.example", True),
        ("*@xn--mller-kva.example", "ann@müller.example", True),
        ("*", "ann@anywhere.example", True),
        ("*", "no address", False),
        ("*a" * 20 + "b@acme.example", "a" * 64 + "@acme.example", False),  # in no time: once it had taken years
    ],
)
def test_recipient_patterns(pattern: str, address: str, covered: bool) -> None:
    assert matches_recipient(pattern, address) is covered


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("", "*@acme.example"),
        ("acme.example", "*@acme.example"),
        ("@acme.example", "*@acme.example"),
        ("*.acme.example", "write *@*.acme.example for the domains below acme.example, *@acme.example for itself"),
        (".acme.example", "*@*.acme.example"),
        ("a b@c", "None"),
    ],
)
def test_a_pattern_that_can_match_nothing_is_told(pattern: str, hint: str) -> None:
    fault = pattern_fault(pattern)
    assert fault is not None
    assert hint in str(fault[1])
