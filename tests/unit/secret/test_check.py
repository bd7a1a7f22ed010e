"""Trying every reference: all, in order, timed, and never a value."""

from __future__ import annotations

from dtsconf.errors import Place
from dtsconf.secret.check import try_all
from dtsconf.secret.resolver import Resolver
from dtsconf.settings.references import Held

HERE = Place("site.yaml", 4, 7)


def test_all_are_tried_and_told() -> None:
    wanted = [
        Held("login.password", "env://GOOD", HERE),
        Held("microsoft.client_secret", "env://MISSING", HERE),
        Held("microsoft.certificate", "nonsense://x"),
        Held("secrets.vault.auth.token", "env://GOOD"),
    ]
    tried = try_all(wanted, Resolver({"GOOD": "s3cret"}))
    assert [one.wanted for one in tried] == wanted
    assert [one.problem is None for one in tried] == [True, False, False, True]
    assert [one.backend for one in tried] == ["env", "env", "nonsense", "env"]
    assert all(one.ms >= 0 for one in tried)
    missing = tried[1].problem
    assert missing is not None
    assert missing.message == "the environment variable MISSING is not set"
    assert (missing.where, missing.key, missing.code) == (HERE, "microsoft.client_secret", 5)
    assert "s3cret" not in repr(tried)


def test_what_strict_makes_of_an_odd_source_is_told_as_such() -> None:
    import os
    import tempfile

    with tempfile.NamedTemporaryFile("w") as file:
        file.write("s3cret")
        file.flush()
        os.chmod(file.name, 0o644)
        (tried,) = try_all([Held("login.password", f"file://{file.name}", HERE)], Resolver({}, strict=True))
    assert tried.problem is not None
    assert tried.problem.code == 3
    assert "can be read by everybody" in tried.problem.message
