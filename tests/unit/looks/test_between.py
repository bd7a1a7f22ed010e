"""Answers that are somebody else's: what is told of a redirect, whatever it says."""

from __future__ import annotations

import pytest

from dtsconf.looks.asked import Asked
from dtsconf.looks.between import examine
from dtsconf.web.trouble import Proxy, Trouble


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("https://login.guest.example/in", "open https://login.guest.example/ in a web browser"),
        ("https://[", "open any web page in a browser"),
        ("", "open any web page in a browser"),
    ],
)
def test_a_redirect(detail: str, words: str) -> None:
    """By way of a proxy, so that nothing is looked at."""
    way = Proxy("http", "proxy", 3128, "HTTPS_PROXY")
    trouble = Trouble("redirect", "protocol", detail, "server", host="login.microsoftonline.com", proxy=way)
    asked = Asked(trouble, "the sign-in server", microsoft=True, setting="system", ca_file=None, min_tls="1.2")
    found = examine(asked)
    assert words in str(found.hint)
    assert found.evidence
