"""The grammar of references: what is one, what is not, and that a refused text is never repeated."""

from __future__ import annotations

import pytest

from dtsconf.secret.ref import NotAReference, Reference, looks_like_reference, parse, shape_meant

GOOD = [
    "vault://kv/mail/relay#password",
    "vault://kv/relay#password?version=3",
    "vault://kv/relay?version=3#password",
    "keyring://dtsconf/lab@acme.example",
    "keyring://service/user/with/slashes",
    "env://SMTP_PASSWORD",
    "env://_x1",
    "file:///etc/dts/secret",
    "file:///C:/secrets/x",
    "file://C:/secrets/x",
    "systemd://smtp-password",
]


@pytest.mark.parametrize("text", GOOD)
def test_good_ones(text: str) -> None:
    assert str(parse(text)) == text
    assert looks_like_reference(text)


FORMS = [
    "vault://kv#password", "vault://kv/relay", "vault:///relay#x", "vault://kv/relay#", "vault://kv//relay#x",
    "vault://kv/relay#x?version=0", "vault://kv/relay#x?version=a", "keyring://service", "keyring:///user",
    "keyring://service/", "env://", "env://1X", "env://A-B", "env://A B", "file://relative/path", "file://", "file://~/x",
    "systemd://", "systemd://a/b", "file:///a\nb", "file:///a\0b", "env://PW\n",
    "vault://0/0#\x80", "file:///a\u2028b",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_bad_forms_tell_the_good_one(text: str) -> None:
    with pytest.raises(NotAReference) as caught:
        parse(text)
    assert not caught.value.literal
    assert "has the form" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["hunter2", "", "pass://", "C:\\secret", "/etc/secret", "env:X", " env://X", "x://y z"]
)
def test_other_texts_are_never_repeated(text: str) -> None:
    with pytest.raises(NotAReference) as caught:
        parse(text)
    if len(text) > 3 and caught.value.literal:
        assert text not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("text", "near"),
    [("vualt://a/b#c", "vault://"), ("ENV://X", "env://"), ("flie:///x", "file://"), ("keychain://a/b", "keyring://")],
)
def test_an_unknown_scheme_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(NotAReference) as caught:
        parse(text)
    assert near in (caught.value.hint or "")
    assert not caught.value.literal


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("vault://kv/relay#x?version=a", "N is a whole number from 1 on"),
        ("env://A-B", "letters, digits and _"),
        ("file://~/x", "~ means no home"),
        ("keyring://service", "None"),
    ],
)
def test_what_is_wrong_with_a_form(text: str, hint: str) -> None:
    with pytest.raises(NotAReference) as caught:
        parse(text)
    assert hint in str(caught.value.hint)


def test_a_blank_before_a_reference_is_told() -> None:
    assert shape_meant(" env://X") == "a reference begins with its scheme: take out the blank before it"
    assert shape_meant(" hunter2") is None


def test_an_empty_text_is_no_password_in_clear() -> None:
    with pytest.raises(NotAReference, match="empty") as caught:
        parse("")
    assert not caught.value.literal


def test_a_plugin_brings_its_scheme() -> None:
    assert parse("pass://mail/relay", ("pass",)) == Reference("pass", "mail/relay")
