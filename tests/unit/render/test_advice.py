from __future__ import annotations

import pytest

from dtsconf.render import advice


@pytest.mark.parametrize(
    ("hint", "settings"),
    [
        ("use the way that works: --set server.port=587 --set server.encryption=starttls (tried)", ["server.port=587", "server.encryption=starttls"]),
        ("--set server.encryption=starttls, or tls on port 465", ["server.encryption=starttls"]),
        ("one: --set server.port=587; or --set login.required=false", ["server.port=587"]),
        ("--set sender.email=ADDRESS", []),
        ("--set server.ca_file=/PATH/TO/ROOTS.pem", []),
        ("log in: --set login.required=true --set server.encryption=starttls, with login.username", []),
        ("--set login.username=lab --set login.password=file:///PATH (a file)", []),
        ("--set mode=microsoft, with microsoft.client_id", []),
        ("wait ten minutes, then dtsconf test again", []),
        (None, []),
    ],
)  # fmt: skip
def test_only_what_can_be_pasted_as_it_stands(hint: str | None, settings: list[str]) -> None:
    assert advice.advised(hint) == settings
    assert bool(advice.text(hint, [])) == bool(settings)


def test_the_words_of_the_call_are_kept() -> None:
    words = ["--profile", "my site.yaml", "--set", "server.host=a b"]
    text = advice.text("--set server.port=587", words)
    assert "dtsconf test --profile 'my site.yaml' --set 'server.host=a b' --set server.port=587\n" in text
    assert "server.port: 587" in text


def test_controls_are_escaped() -> None:
    assert "\x1b" not in advice.text("--set server.host=\x1b[31m", [])
