"""What a child sees of the environment: nothing that could be a secret."""

from __future__ import annotations

import pytest

from dtsconf.files.children import plain_environ


@pytest.mark.parametrize(
    "name",
    [
        "VAULT_TOKEN",
        "DTS_EMAIL_LOGIN__PASSWORD",
        "MAIL_PASSWORD",
        "DTSCONF_PROFILE",
        "PYTHONPATH",
        "LD_PRELOAD",
        "XLC_X",
    ],
)
def test_what_may_be_a_secret_or_another_way_in_is_left_out(name: str) -> None:
    assert plain_environ({name: "x"}) == {}


def test_what_a_program_needs_is_kept_and_the_callers_added() -> None:
    given = {"PATH": "/bin", "LC_CTYPE": "C.UTF-8", "SystemRoot": "C:\\Windows", "HOME": "/root"}
    assert plain_environ(given, HOME="/other", NO_COLOR="1") == {**given, "HOME": "/other", "NO_COLOR": "1"}
