from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st

from dtsconf.errors import Option, UsageProblem
from dtsconf.mail.compose.addresses import NO_UTF8
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.mail.compose.message import compose
from dtsconf.sending.request import Request, draft_of, options_of


def test_the_draft() -> None:
    request = Request(
        ("Ann <ann@x.example>, b@x.example",), ("c@x.example",), ("d@x.example",), ("r@x.example",), "Hi", "text", "<p>"
    )
    draft = draft_of(request)
    assert draft.to == (Mailbox("Ann", "ann@x.example"), Mailbox(None, "b@x.example"))
    assert (draft.cc, draft.bcc) == ((Mailbox(None, "c@x.example"),), (Mailbox(None, "d@x.example"),))
    assert draft.reply_to == (Mailbox(None, "r@x.example"),)
    assert (draft.subject, draft.text, draft.html) == ("Hi", "text", "<p>")


@pytest.mark.parametrize(
    ("request_", "option"),
    [
        (Request(), "--to"),
        (Request(("no",)), "--to"),
        (Request(("a@x.example",), ("",)), "--cc"),
        (Request(("a@x.example",), bcc=("a\r\nb@x.example",)), "--bcc"),
        (Request(("a@x.example",), reply_to=("ö@x.example",)), "--reply-to"),
        (Request(("a@x.example",), subject="a\nb"), "--subject"),
        (Request(("a@x.example",), subject="a\0b"), "--subject"),
        (Request(("a@x.example",), text="\ud800"), "--body"),
        (Request(("a@x.example",), text="x" * (17 << 20)), "--body"),
        (Request(("a@x.example",), html="\udcff"), "--html"),
    ],
)
def test_what_can_not_be(request_: Request, option: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        draft_of(request_)
    (problem,) = caught.value.problems
    assert problem.where == Option(option)
    assert problem.hint
    assert "\n" not in problem.message
    assert caught.value.code == 2


def test_a_subject_cut_out_of_a_log() -> None:
    assert draft_of(Request(("a@x.example",), subject="12:00\tdone\r\n")).subject == "12:00 done"


def test_an_international_domain_can_be_answered_to() -> None:
    assert draft_of(Request(("a@x.example",), reply_to=("a@bücher.example",))).reply_to


def test_every_fault_is_told() -> None:
    with pytest.raises(UsageProblem) as caught:
        draft_of(Request(("no", "neither"), ("nor",), subject="a\nb"))
    assert len(caught.value.problems) == 4


ANY = st.text(max_size=40)
ADDRESSES = st.lists(ANY | ANY.map(lambda name: f"{name} <a@x.example>"), max_size=2).map(tuple)


@given(st.builds(Request, ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES, ANY, ANY, st.none() | ANY))
def test_whatever_is_asked_for_is_told_or_composed(request_: Request) -> None:
    try:
        draft = draft_of(request_)
    except UsageProblem as told:
        assert told.problems  # noqa: PT017 - one of the two outcomes that are right
        return
    message = compose(draft, Mailbox(None, "lab@acme.example"), "t", time.gmtime(0))
    assert draft.recipients
    assert len(b"".join(message.chunks())) == message.size


def test_the_option_that_brought_somebody_in() -> None:
    draft = draft_of(Request(to=("Ann <ann@x.example>",), cc=("bob@x.example",), bcc=("eve@x.example, ann@x.example",)))
    assert options_of(draft) == {"ann@x.example": "--to", "bob@x.example": "--cc", "eve@x.example": "--bcc"}


def test_nobody_is_served_twice_for_the_case_of_letters() -> None:
    draft = draft_of(Request(to=("Ann@x.example, ann@x.example",), cc=("ann@X.EXAMPLE",), bcc=("bob@x.Example",)))
    assert draft.recipients == ("Ann@x.example", "bob@x.Example")


def test_bytes_that_are_no_utf_8_are_told_as_that() -> None:
    with pytest.raises(UsageProblem) as caught:
        draft_of(Request(("J\udcf6rg <a@x.example>",), subject="Gr\udcf6\udcdfe"))
    assert all("holds bytes that are no UTF-8" in one.message for one in caught.value.problems)
    assert [one.hint for one in caught.value.problems] == [NO_UTF8] * 2


@pytest.mark.parametrize("bodies", [("s\0e\0e\0", None), (None, "<\0p\0>\0")])
def test_a_text_of_two_bytes_a_letter_is_told_as_that(bodies: tuple[str | None, str | None]) -> None:
    text, html = bodies
    with pytest.raises(UsageProblem, match="NUL") as caught:
        draft_of(Request(("a@x.example",), text=text, html=html))
    assert "UTF-8" in str(caught.value.hint)
