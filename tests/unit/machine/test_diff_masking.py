"""What a diff shows of a file that somebody edited: no secret, and no change where there is none."""

from __future__ import annotations

import pytest

from dtsconf.machine.diff import masked

ID = '      "login.password": "51e4ea5a70ca475e"\n'
CANARY = '      "login.password": "c4nary-Pa55word"\n'


def test_the_id_of_a_secret_that_stays_is_the_same_on_both_sides() -> None:
    assert masked("dts", ID.encode(), secret=False, ours=False, wanted=ID) == ID


def test_an_id_that_is_not_wanted_is_masked_as_it_may_be_a_secret() -> None:
    assert "51e4ea5a70ca475e" not in masked("dts", ID.encode(), secret=False, ours=False, wanted=CANARY)


def test_a_secret_put_into_the_file_is_masked() -> None:
    assert "c4nary" not in masked("dts", CANARY.encode(), secret=False, ours=False, wanted=ID)


WANTED = "# Written by dtsconf\naccount default\nhost mail.example\nuser dts\npassword ********\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password c4nary", "password ********"),
        ("  passwordeval echo c4nary", "  passwordeval ********"),
        ("#password c4nary", "# ********"),
        ("# was: c4nary", "# ********"),
        ("pasword c4nary", "********"),
        ("Password\tc4nary", "********"),
        ("c4nary", "********"),
        ("user dts password c4nary", "********"),
        ("user other", "user other"),
        ("tls_certcheck off", "tls_certcheck off"),
        ("# Written by dtsconf", "# Written by dtsconf"),
    ],
)
def test_an_edited_msmtprc_shows_nothing_that_may_be_a_password(line: str, shown: str) -> None:
    found = WANTED.replace("user dts", line)
    told = masked("msmtp", found.encode(), secret=True, ours=False, wanted=WANTED)
    assert told == WANTED.replace("user dts", shown)


def test_a_password_line_is_masked_where_the_file_is_ours() -> None:
    found = WANTED.replace("********", '"c4nary password"')
    assert masked("msmtp", found.encode(), secret=True, ours=True) == WANTED


@pytest.mark.parametrize("line", ['"password": c4nary,', "password: c4nary", '"client_secret": c4nary}', "pwd:c4nary"])
def test_a_secret_put_in_without_quotes_is_masked(line: str) -> None:
    assert "c4nary" not in masked("dts", f"{{\n  {line}\n}}\n".encode(), secret=False, ours=False)


@pytest.mark.parametrize(
    "line", ['"password": null,', '"secrets": {', '"token_cache": "encrypted",', '"password": "vault://kv/a#b",']
)
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert line in masked("dts", f"{{\n  {line}\n}}\n".encode(), secret=False, ours=False)
