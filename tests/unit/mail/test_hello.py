from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from dtsconf.mail.hello import Offer, ehlo_name, filter_marks, read_offer
from dtsconf.mail.reply import Reply


def offer(*lines: str) -> Offer:
    return read_offer(Reply(250, ("mail.test", *lines)))


def test_an_offer_is_read_case_aside() -> None:
    read = offer("starttls", "Size 1000", "auth plain LOGIN", "8BitMime")
    assert read.has("STARTTLS")
    assert read.limit == 1000
    assert read.mechanisms == ("PLAIN", "LOGIN")


def test_the_first_line_is_a_greeting_and_offers_nothing() -> None:
    assert not read_offer(Reply(250, ("STARTTLS",))).has("STARTTLS")


def test_the_old_form_of_auth_adds_no_mechanism_twice() -> None:
    assert offer("AUTH LOGIN PLAIN", "AUTH=LOGIN PLAIN").mechanisms == ("LOGIN", "PLAIN")


@pytest.mark.parametrize(
    ("line", "limit"), [("SIZE", None), ("SIZE 0", None), ("SIZE ten", None), ("SIZE " + "9" * 400, int("9" * 18))]
)
def test_odd_sizes_do_no_harm(line: str, limit: int | None) -> None:
    assert offer(line).limit == limit


@pytest.mark.parametrize("word", ["XXXXXXXA", "XXXXXXXX", "XXXA"])
def test_a_blotted_keyword_is_a_filters_mark(word: str) -> None:
    marks = filter_marks("220 mail.test", offer("SIZE", word))
    assert marks is not None
    assert word in marks


def test_a_blotted_banner_is_a_filters_mark() -> None:
    assert filter_marks("220 ****************", Offer()) is not None


@pytest.mark.parametrize("word", ["XCLIENT", "XEXCH50", "X-EXPS", "XX", "XOORG"])
def test_vendors_keywords_are_no_marks(word: str) -> None:
    assert filter_marks("220 mail.test *** hi", offer(word)) is None


@pytest.mark.parametrize(
    ("host", "address", "name"),
    [
        ("pc7.acme.example", "192.0.2.1", "pc7.acme.example"),
        ("pc7.acme.example.", "192.0.2.1", "pc7.acme.example"),
        ("pc7", "192.0.2.1", "[192.0.2.1]"),
        ("pc_7.acme.example", "192.0.2.1", "[192.0.2.1]"),
        ("localhost.localdomain", "192.0.2.1", "[192.0.2.1]"),
        ("10.0.0.1", "192.0.2.1", "[192.0.2.1]"),
        ("pc7", "2001:db8::1", "[IPv6:2001:db8::1]"),
        ("pc7", "fe80::1%eth0", "[IPv6:fe80::1]"),
        ("pc7", "::ffff:192.0.2.1", "[192.0.2.1]"),
        ("bücher.example", "192.0.2.1", "[192.0.2.1]"),
    ],
)
def test_our_name_is_qualified_or_an_address_literal(host: str, address: str, name: str) -> None:
    assert ehlo_name(host, address) == name


@given(st.text(max_size=300))
def test_no_host_name_can_break_the_ehlo_line(host: str) -> None:
    name = ehlo_name(host, "192.0.2.1")
    assert name.isascii()
    assert not set(name) & set(" \r\n\0")
