"""Jobs for tests: complete settings from a few words, and the causes of what came of them."""

from __future__ import annotations

from typing import Any

from dtsconf.mail.job import Job, Letter
from dtsconf.proof import Level, Stage, Verification
from dtsconf.secret.value import Secret
from dtsconf.settings.model import Settings

LETTER = Letter("pc-7", "acme-perth", 3, "dtsconf 1.2.0", "macro")


def settings(**groups: Any) -> Settings:
    """Settings from nested dicts, checked as any other."""
    return Settings.model_validate(groups)


def job(
    port: int,
    level: Level = "send",
    *,
    host: str = "127.0.0.1",
    encryption: str = "none",
    password: str | None = None,
    mechanism: str = "auto",
    server: dict[str, Any] | None = None,
    sender: dict[str, Any] | None = None,
    timeout: float = 5,
    min_tls: str = "1.2",
    username: str = "user@acme.example",
    **more: Any,
) -> Job:
    """A job against a server of the test; with `password` a login is required."""
    login = {"required": True, "username": username, "mechanism": mechanism} if password is not None else {}
    tree = settings(
        sender={"email": "dts@acme.example", "name": "DTS"} | (sender or {}),
        server={"host": host, "port": port, "encryption": encryption} | (server or {}),
        login=login,
        connection={"timeout": timeout, "min_tls": min_tls},
    )
    secret = Secret(password) if password is not None else None
    return Job(tree, secret, level, more.pop("to", None), more.pop("letter", LETTER), **more)


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
