"""Jobs for tests: complete settings from a few words, and the causes of what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dtsconf.mail.job import Job, Letter
from dtsconf.mail.route import Link, PasswordLogin, Smtp
from dtsconf.proof import Level, Stage, Verification
from dtsconf.secret.value import Secret
from dtsconf.settings.model import DEFAULT_PORTS

LETTER = Letter("pc-7", "acme-perth", 3, "dtsconf 1.2.0", "macro")
LINK = ("past", "allow_downgrade", "progress")


def route(
    port: int | None,
    *,
    host: str = "127.0.0.1",
    encryption: str = "none",
    password: str | None = None,
    mechanism: str = "auto",
    username: str = "user@acme.example",
    server: Mapping[str, Any] | None = None,
    **more: Any,
) -> Smtp:
    """A route to a server of the test; with `password` a login is required. `server`: further fields, as in `more`."""
    login = PasswordLogin(username, Secret(password), mechanism) if password is not None else None
    kind: Any = encryption
    return Smtp(host, port or DEFAULT_PORTS[encryption], kind, login=login, **(server or {}), **more)


def job(
    port: int | None,
    level: Level = "send",
    *,
    sender: str = "dts@acme.example",
    name: str | None = "DTS",
    to: str | None = None,
    letter: Letter = LETTER,
    timeout: float = 5,
    deadline: float | None = None,
    **more: Any,
) -> Job:
    """A job against a server of the test."""
    link = Link(
        route(port, **{k: v for k, v in more.items() if k not in LINK}),
        timeout,
        **{k: v for k, v in more.items() if k in LINK},
    )
    return Job(link, level, letter, sender, name, to, deadline)


def without_password(given: Job) -> Job:
    """The same with a login whose password is not at hand."""
    login = PasswordLogin("user@acme.example", None)
    return replace(given, link=replace(given.link, route=replace(given.link.smtp, login=login)))


def failed(result: Verification) -> Stage:
    """The stage that failed; there has to be one, and it has to be the last."""
    assert not result.ok
    assert result.failure is not None
    assert result.stages[-1] is result.failure
    assert result.failure.cause is not None
    assert result.failure.detail
    return result.failure


def names(result: Verification) -> str:
    """The stages in a line."""
    return " ".join(stage.stage for stage in result.stages)
