"""The loopback receiver against browsers, other programs and liars. Real sockets, this machine only."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest

from dtsconf.auth import loopback
from dtsconf.auth.loopback import Receiver

STATE = "st4te"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        made.expect(STATE)
        yield made


def ask(receiver: Receiver, method: str, form: dict[str, str] | str, *, host: str | None = None) -> str:
    """The status line of the answer, and its body."""
    port = urlsplit(receiver.address).port
    encoded = form if isinstance(form, str) else urlencode(form)
    target, body = (f"/?{encoded}", "") if method == "GET" else ("/", encoded)
    head = f"{method} {target} HTTP/1.1\r\nHost: {host or f'localhost:{port}'}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall((head + body).encode())
        sock.settimeout(5)
        answer = b""
        while part := sock.recv(4096):
            answer += part
    return answer.decode()


def unheard(receiver: Receiver, form: dict[str, str]) -> bool:
    """Whether a request gets no answer at all."""
    try:
        return ask(receiver, "POST", form) == ""
    except OSError:
        return True


def wait(receiver: Receiver, seconds: float = 5) -> dict[str, str] | None:
    return receiver.wait(seconds, lambda _left: None)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_answer_with_the_right_state_is_taken_and_not_repeated_on_the_page(receiver: Receiver, method: str) -> None:
    page = ask(receiver, method, {"code": "c0de", "state": STATE})
    assert page.startswith("HTTP/1.0 200 ")
    assert "c0de" not in page
    assert "no-store" in page
    assert wait(receiver) == {"code": "c0de", "state": STATE}


def test_an_error_with_the_right_state_is_an_answer(receiver: Receiver) -> None:
    ask(receiver, "POST", {"error": "access_denied", "state": STATE})
    assert wait(receiver) == {"error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    "form",
    [
        {"code": "c0de", "state": "other"},
        {"code": "c0de"},
        {"state": STATE},
        f"code=a&code=b&state={STATE}",
        "&".join(["a=b"] * 60),
        "code=" + "x" * 70000 + f"&state={STATE}",
    ],
)
def test_anything_else_is_refused_and_the_wait_goes_on(receiver: Receiver, form: dict[str, str] | str) -> None:
    assert ask(receiver, "POST", form).startswith("HTTP/1.0 400 ")
    ask(receiver, "POST", {"code": "right", "state": STATE})
    found = wait(receiver)
    assert found is not None
    assert found["code"] == "right"


def test_only_the_first_answer_counts(receiver: Receiver) -> None:
    ask(receiver, "POST", {"code": "first", "state": STATE})
    assert unheard(receiver, {"code": "second", "state": STATE})
    found = wait(receiver)
    assert found is not None
    assert found["code"] == "first"


def test_a_page_elsewhere_can_t_reach_it_by_another_name(receiver: Receiver) -> None:
    assert ask(receiver, "GET", {"code": "c", "state": STATE}, host="evil.example").startswith("HTTP/1.0 400 ")


def test_it_listens_on_loopback_alone(receiver: Receiver) -> None:
    assert receiver._server.server_address[0] == "127.0.0.1"
    assert urlsplit(receiver.address).hostname == "localhost"


def test_a_request_without_an_end_keeps_no_other_waiting(receiver: Receiver) -> None:
    port = urlsplit(receiver.address).port
    with socket.create_connection(("127.0.0.1", port), 5) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n")
        ask(receiver, "POST", {"code": "right", "state": STATE})
        assert wait(receiver) is not None


def test_so_many_requests_and_no_more(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "REQUESTS", 2)
    for _ in range(2):
        ask(receiver, "GET", {})
    assert unheard(receiver, {"code": "right", "state": STATE})
    assert wait(receiver, 0.2) is None


def test_nobody_comes(receiver: Receiver) -> None:
    heard: list[float] = []
    assert receiver.wait(0.2, heard.append) is None
    assert heard == [0.2]


def test_closed_it_listens_no_more() -> None:
    with Receiver() as made:
        port = urlsplit(made.address).port
    time.sleep(0.05)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)
