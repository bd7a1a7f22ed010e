"""The progress line: on a terminal only, after a second, and gone before anything else is printed."""

from __future__ import annotations

import io
import sys
import time

import pytest

from dtsconf.cli import progress
from dtsconf.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, after: float = 0.01) -> Terminal:
    """Called within a test: pytest puts its own streams in place between a fixture and the test."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setattr(progress, "AFTER", after)
    return made


def wait_for(terminal: Terminal, words: str) -> None:
    end = time.monotonic() + 10
    while words not in terminal.getvalue():
        assert time.monotonic() < end, terminal.getvalue()
        time.sleep(0.01)


def test_what_takes_long_is_told_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with Progress(quiet=False) as told:
        told("verifying")
        wait_for(terminal, "verifying ... 0 s")
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert "\n" not in terminal.getvalue()


def test_a_question_stays_alone_on_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with Progress(quiet=False) as told:
        told("planning")
        wait_for(terminal, "planning")
        told.clear()
        terminal.write("Apply this?")
        time.sleep(0.1)
        assert terminal.getvalue().endswith("Apply this?")
        told("verifying")
        wait_for(terminal, "verifying")


def test_what_is_quick_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch, 60)
    with Progress(quiet=False) as told:
        told("verifying")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_elsewhere_nothing(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "AFTER", 0.01)
    with Progress(quiet=False) as told:
        told("verifying")
        time.sleep(0.05)
    assert stream is None or stream.getvalue() == ""


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with Progress(quiet=True) as told:
        told("verifying")
        time.sleep(0.05)
    assert terminal.getvalue() == ""
