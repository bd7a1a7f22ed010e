from __future__ import annotations

import pytest

from dtsconf.web.answer import HEAD, decoded, described, retry_after, title
from tests.fakes.provider import Reply

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        ("", 0.0),
        ("-1", 0.0),
        ("1.5", 0.0),
        ("²", 0.0),
        ("soon", 0.0),
        ("9" * 400, 0.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("Tue, 99 Nov 2023 22:13:00 GMT", 0.0),
    ],
)
def test_the_wait_that_an_answer_asks_for(text: str, seconds: float) -> None:
    assert retry_after(text, NOW) == seconds


def test_a_date_counts_from_now_when_no_time_is_given() -> None:
    assert retry_after("Tue, 14 Nov 2023 22:13:50 GMT") == 0.0


@pytest.mark.parametrize(
    ("text", "value"), [("{}", {}), ("[1]", [1]), ("", None), (None, None), ("<html>", None), ("[" * 200_000, None)]
)
def test_json_or_none(text: str | None, value: object) -> None:
    assert decoded(text) == value


def test_a_page_is_described_by_its_title() -> None:
    assert title("<html><TITLE lang='en'>\n Guest &amp; more </TITLE>") == "Guest & more"
    assert title("no page") == ""
    assert title("<title" * 200_000) == "", "the time for this grows with its square where nothing bounds it"
    assert title("<html>" + " " * HEAD + "<title>late</title>") == ""
    answer = Reply(200, "<title>Guest</title>", {"Content-Type": "text/html; charset=utf-8", "Server": "portal/1"})
    assert described(answer) == "HTTP 200, text/html, a page titled 'Guest', portal/1"
    assert described(Reply(204, "", {})) == "HTTP 204, no content type"
