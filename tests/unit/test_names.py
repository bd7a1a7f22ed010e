"""Hosts, addresses and texts for showing."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dtsconf.names import (
    ascii_address,
    escape_controls,
    has_controls,
    host_fault,
    host_problem,
    is_ip,
    is_registry,
    normalise_host,
    parse_address,
    site,
)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("mail.acme.example", "mail.acme.example"),
        ("Mail.Acme.Example", "Mail.Acme.Example"),
        ("mail.acme.example.", "mail.acme.example"),
        ("localhost", "localhost"),
        ("mail_relay", "mail_relay"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[2001:db8::25]", "2001:db8::25"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("müller.example", "xn--mller-kva.example"),
        ("faß.example", "xn--fa-hia.example"),  # IDNA 2008 keeps the letter, IDNA 2003 made it ss
        ("日本.example", "xn--wgv71a.example"),
    ],
)
def test_a_host_is_kept_as_it_is_looked_up(text: str, stored: str) -> None:
    assert host_problem(text) is None
    assert normalise_host(text) == stored


@pytest.mark.parametrize(
    ("text", "part", "hint"),
    [
        ("", "is empty", "name or IP"),
        ("smtp://mail.acme.example", "scheme", "write mail.acme.example"),
        ("smtps://mail.acme.example:465", "scheme", "write mail.acme.example, and 465 as the port"),
        ("smtp://user:pw@mail.acme.example", "scheme", "write mail.acme.example"),
        ("mail.acme.example:587", "port", "write mail.acme.example, and 587 as the port"),
        ("[::1]:25", "port", "write ::1, and 25 as the port"),
        ("mail.acme.example/", "path", "write mail.acme.example"),
        ("ann@acme.example", "address", "write acme.example"),
        ("Mail Server", "blank", "write the name by which the DNS knows the server, such as mail.acme.example"),
        ("the mail.acme.example", "blank", "write mail.acme.example"),
        (" mail.acme.example", "blank", "write mail.acme.example"),
        ("mail\r\nacme", "control character", "one line"),
        ("mail\0", "control character", "one line"),
        ("256.1.1.1", "IPv4", None),
        ("1.2.3", "IPv4", None),
        ("0x7F000001", "IPv4", None),
        ("127.0.0.0x1", "IPv4", None),
        ("a..b", "host name", None),
        ("-a.example", "'-a'", None),
        ("a" * 64 + ".example", "host name", None),
        (".".join(["abcdefgh"] * 40), "253", None),
        ("::g", "IPv6", None),
        ("[::1", "IPv6", None),
        ("ü" * 80 + ".example", "host name", None),
    ],
)
def test_what_is_no_host_is_told_with_the_host_to_type(text: str, part: str, hint: str | None) -> None:
    fault = host_fault(text)
    assert fault is not None
    assert part in fault[0]
    if hint is not None:
        assert hint in str(fault[1])
    with pytest.raises(ValueError):
        normalise_host(text)


def test_the_hint_of_a_host_never_holds_a_password() -> None:
    assert "hunter2" not in str(host_fault("smtp://ann:hunter2@mail.acme.example:25"))


@given(st.text(max_size=300))
def test_any_text_is_a_host_or_told(text: str) -> None:
    if host_problem(text) is None:
        stored = normalise_host(text)
        assert stored.isascii()
        assert normalise_host(stored) == stored


@pytest.mark.parametrize(
    ("host", "owners"),
    [
        ("mail.acme.example", "acme.example"),
        ("MAIL.Acme.com.au.", "acme.com.au"),
        ("acme.com.au", "acme.com.au"),
        ("smtp.lab.acme.co.uk", "acme.co.uk"),
        ("acme.de", "acme.de"),
        ("localhost", "localhost"),
    ],
)
def test_whose_a_host_is(host: str, owners: str) -> None:
    assert site(host) == owners
    assert not is_registry(owners) or "." not in owners


@pytest.mark.parametrize("domain", [".", "com", "AU", "com.au", "co.uk.", "org.nz", "com.br"])
def test_where_strangers_have_their_names(domain: str) -> None:
    assert is_registry(domain)


@pytest.mark.parametrize("text", ["1.2.3.4", "::", "2001:db8::1", "fe80::1%2"])
def test_ip_addresses(text: str) -> None:
    assert is_ip(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ann@acme.example", ("ann", "acme.example")),
        ("Ann.Lee+x@Acme.example", ("Ann.Lee+x", "Acme.example")),
        ('"ann lee"@acme.example', ('"ann lee"', "acme.example")),
        ("jörg@müller.example", ("jörg", "müller.example")),
        ("ann@[192.0.2.1]", ("ann", "[192.0.2.1]")),
        ("ann@[IPv6:2001:db8::1]", ("ann", "[IPv6:2001:db8::1]")),
        ("ann@localhost", ("ann", "localhost")),
    ],
)
def test_addresses_are_split_at_the_last_at(text: str, parts: tuple[str, str]) -> None:
    assert parse_address(text) == parts


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("ann", "no mail address"),
        ("@acme.example", "no mail address"),
        ("ann@", "no mail address"),
        ("a b@acme.example", "before the @"),
        (".ann@acme.example", "before the @"),
        ('"a>b"@acme.example', "before the @"),
        ('"<a"@acme.example', "before the @"),
        ('"a\\>b"@acme.example', "before the @"),
        ("Ann <ann@acme.example>", "more than the address"),
        ("ann@acme..example", "domain"),
        ("ann@acme.example\r\nBcc: all@x.example", "control"),
        ("ann@[300.0.0.1]", "IP address"),
        ("a" * 65 + "@acme.example", "64 bytes"),
        ("ann@" + ".".join(["abcdefgh"] * 30), "254 bytes"),
    ],
)
def test_what_is_no_address_is_told(text: str, part: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_address(text)
    assert part in caught.value.args[0]


def test_a_display_form_gives_the_address_to_type() -> None:
    with pytest.raises(ValueError) as caught:
        parse_address("Ann <ann@acme.example>")
    assert caught.value.args[1] == "write ann@acme.example"


@pytest.mark.parametrize("unseen", ["\u200b", "\ufeff", "\u202e", "\u00a0"])
def test_an_address_with_something_invisible_in_it_is_none(unseen: str) -> None:
    with pytest.raises(ValueError, match=f"an invisible character in it .U.{ord(unseen):04X}") as caught:
        parse_address(f"{unseen}ann@acme.example")
    assert "copying" in caught.value.args[1]
    for local in ("größe.日本", "क्\u200dष"):
        assert parse_address(f"{local}@acme.example") == (local, "acme.example")


def test_an_address_needs_smtputf8_only_for_its_local_part() -> None:
    assert ascii_address("ann@müller.example") == "ann@xn--mller-kva.example"
    assert ascii_address("jörg@acme.example") is None
    assert ascii_address("ann@[::1]") == "ann@[::1]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日", "plain é 日"),
        ("a\r\n\tb\0", "a\\r\\n\\tb\\0"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b1m", "\\x9b1m"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("\u2028", "\\u2028"),
        ("\udc80", "\\udc80"),
    ],
)
def test_controls_are_shown_escaped(text: str, shown: str) -> None:
    assert escape_controls(text) == shown


@given(st.text())
def test_what_is_shown_holds_no_control(text: str) -> None:
    shown = escape_controls(text)
    assert not has_controls(shown)
    shown.encode()
