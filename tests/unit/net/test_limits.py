"""Calls that take too long, and core dumps."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from dtsconf.net.limits import within
from dtsconf.secret.resolver import Resolver


def test_what_comes_in_time_comes_through() -> None:
    assert within(5, lambda: "value") == "value"
    assert within(5, lambda: None) is None


def test_what_is_raised_comes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_what_takes_too_long_is_left_behind() -> None:
    go = threading.Event()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.1, go.wait)
    assert time.monotonic() - start < 2
    go.set()


def test_it_does_not_keep_the_program_from_ending() -> None:
    code = (
        "import time\nfrom dtsconf.net.limits import within\n"
        "try: within(0.1, lambda: time.sleep(60))\nexcept TimeoutError: print('over')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "over\n"


if sys.platform != "win32":
    import resource

    def test_fetching_a_secret_turns_core_dumps_off(monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[tuple[int, tuple[int, int]]] = []
        monkeypatch.setattr(resource, "setrlimit", lambda *call: calls.append(call))
        resolver = Resolver({"A": "x"})
        assert calls == []
        resolver.fetch("env://A", key="k")
        least = 1 if sys.platform == "linux" else 0
        assert set(calls) == {(resource.RLIMIT_CORE, (least, least))}

    def test_where_the_limit_can_not_be_raised_it_stays_lowest(monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[tuple[int, int]] = []

        def hard_limit_of_none(_: int, limit: tuple[int, int]) -> None:
            if limit > (0, 0):
                raise ValueError("not allowed to raise maximum limit")
            calls.append(limit)

        monkeypatch.setattr(resource, "setrlimit", hard_limit_of_none)
        Resolver({"A": "x"}).fetch("env://A", key="k")
        assert set(calls) == {(0, 0)}

    def test_a_system_that_refuses_the_limit_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(resource, "setrlimit", refuse)
        assert Resolver({"A": "x"}).fetch("env://A", key="k").reveal() == "x"
