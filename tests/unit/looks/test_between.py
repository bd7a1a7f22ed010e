"""Answers that are somebody else's: what is told of a redirect, whatever it says."""

from __future__ import annotations

import pytest

from dtsconf.looks.asked import Asked
from dtsconf.looks.between import examine
from dtsconf.web.trouble import Proxy, Trouble

WAY = Proxy("http", "proxy", 3128, "HTTPS_PROXY")


def asked(trouble: Trouble, seconds: float = 15) -> Asked:
    return Asked(
        trouble, "the sign-in server", microsoft=True, setting="system", ca_file=None, min_tls="1.2", timeout=seconds
    )


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("https://login.guest.example/in", "open https://login.guest.example/in in a web browser"),
        ("http://login.guest.example/in", "open http://login.guest.example/in in a web browser"),
        ("/in", "open https://login.microsoftonline.com/in in a web browser"),
        ("javascript:alert(1)", "open any web page in a browser"),
        ("https://guest.example/\x1b[2J", "open any web page in a browser"),
        ("https://[", "open any web page in a browser"),
        ("", "open any web page in a browser"),
    ],
)
def test_a_redirect(detail: str, words: str) -> None:
    """By way of a proxy, so that nothing is looked at."""
    trouble = Trouble("redirect", "protocol", detail, "server", host="login.microsoftonline.com", proxy=WAY)
    found = examine(asked(trouble))
    assert words in str(found.hint)
    assert found.evidence


@pytest.mark.parametrize("seconds", [15, 60])
def test_more_time_is_proposed_to_who_had_little(seconds: float) -> None:
    trouble = Trouble("silence", "timeout", "no answer", "dtsconf", host="login.microsoftonline.com", proxy=WAY)
    assert ("--set connection.timeout=60" in str(examine(asked(trouble, seconds)).hint)) == (seconds < 60)
