from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, strategies as st

from dtsconf.mail.graph.troubles import failed, of_upload, unknown
from dtsconf.mail.graph.upload import PIECE, Reader
from dtsconf.proof import CAUSES
from dtsconf.web.trouble import Proxy, Trouble


def test_a_piece_is_whole_blocks_of_320_kib_and_under_4_mb() -> None:
    assert PIECE % (320 * 1024) == 0
    assert PIECE < 4_000_000


@given(st.lists(st.binary(max_size=30), max_size=12), st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60))))
def test_any_piece_from_any_place(blocks: list[bytes], asked: list[tuple[int, int]]) -> None:
    whole = b"".join(blocks)
    reader = Reader(lambda: iter(blocks))
    for start, size in asked:
        assert reader.piece(start, size) == whole[start : start + size]


def test_what_goes_on_is_not_read_anew() -> None:
    times = 0

    def make() -> Iterator[bytes]:
        nonlocal times
        times += 1
        yield from (b"abc", b"def", b"ghi")

    reader = Reader(make)
    assert [reader.piece(at, 4) for at in (0, 0, 2, 4, 8)] == [b"abcd", b"abcd", b"cdef", b"efgh", b"i"]
    assert times == 1
    assert reader.piece(1, 2) == b"bc"
    assert times == 2


def test_every_cause_on_the_way_has_something_to_do() -> None:
    for cause in ("dns", "no-route", "refused", "timeout", "blocked", "dropped", "protocol"):
        told = failed(Trouble("lost", cause, "seen", "system"), "graph.microsoft.com")
        assert (told.cause, told.detail) == (cause, "seen")
        assert told.hint
        assert cause in CAUSES
    for cause in ("tls-untrusted", "tls-name", "tls-expired", "tls-not-yet-valid", "tls-version"):
        assert failed(Trouble("certificate", cause, "seen", "tls"), "graph.microsoft.com").hint
        assert cause in CAUSES


def test_a_proxy_is_named() -> None:
    told = failed(
        Trouble("proxy", "blocked", "407 no", "server", proxy=Proxy("http", "proxy", 3128, "connection.proxy")),
        "graph.microsoft.com",
    )
    assert told.detail == "the proxy proxy:3128 (from connection.proxy): 407 no"
    assert "connection.proxy" in (told.hint or "")


def test_a_host_for_uploads_is_named_and_no_small_mail_is_proposed_to_look_for_it() -> None:
    proxy = Proxy("http", "proxy", 3128, "connection.proxy")
    for trouble in (
        Trouble("lookup", "dns", "seen", "system"),
        Trouble("connect", "timeout", "seen", "system"),
        Trouble("proxy", "blocked", "403 no", "server", proxy=proxy),
        Trouble("certificate", "tls-expired", "seen", "tls"),
    ):
        told = of_upload(trouble, "outlook.office.com", "graph.microsoft.com")
        assert told.detail.startswith("outlook.office.com: ")
        assert "outlook.office.com takes attachments of 3 MB and more" in (told.hint or "")
        assert "dtsconf test" not in (told.hint or "")


def test_a_redirect_without_an_address() -> None:
    assert "redirect to nowhere" in failed(Trouble("redirect", "protocol", "", "server"), "x").detail


def test_an_unknown_outcome_names_where_to_look() -> None:
    told = unknown("silence", "ann@acme.example")
    assert told.cause == "outcome-unknown"
    assert "ann@acme.example" in (told.hint or "")
