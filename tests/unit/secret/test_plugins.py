"""Schemes of installed packages: found late, guarded, and never in the place of dtsconf's own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.secret import plugins
from dtsconf.secret.ref import SCHEMES, NotAReference, parse
from dtsconf.secret.resolver import Resolver

HEAD = "from dtsconf.secret.value import Secret\nfrom dtsconf.errors import SecretUnavailable\n"
GOOD = (
    HEAD
    + """
class Backend:
    def fetch(self, reference): return Secret('value of ' + reference.rest)
    def facts(self, reference): return {'store': 'a test', 'version': 3, 'expiry': None}
    def close(self): CLOSED.append(1)
CLOSED = []
def make(context, notices): return Backend()
"""
)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a package with this module and entry point on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(code: str, scheme: str = "toy", package: str = "toy-package") -> None:
        module = package.replace("-", "_")
        info = tmp_path / f"{module}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{scheme} = {module}:make\n")
        (tmp_path / f"{module}.py").write_text(code)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return put


def refusal(text: str = "toy://x") -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        Resolver({}).fetch(text, key="login.password")
    assert caught.value.code == 5
    assert caught.value.hint
    assert "s3cret" not in f"{caught.value}{caught.value.hint}{caught.value!r}"
    return caught.value


def test_a_plugin_is_used_and_closed(install: Callable[..., None]) -> None:
    install(GOOD)
    with Resolver({}) as resolver:
        assert resolver.fetch("toy://a/b?c#d", key="login.password").reveal() == "value of a/b?c#d"
        assert resolver.facts("toy://a/b?c#d") == {"store": "a test", "version": "3"}
    assert sys.modules["toy_package"].CLOSED == [1]


def test_its_references_pass_the_grammar(install: Callable[..., None]) -> None:
    with pytest.raises(NotAReference):
        parse("toy://x", plugins.schemes_for("toy://x"))
    install(GOOD)
    assert str(parse("toy://x", plugins.schemes_for("toy://x"))) == "toy://x"
    with pytest.raises(NotAReference, match="has the form"):
        parse("toy://x\ny", plugins.schemes_for("toy://x\ny"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_none_takes_the_place_of_dtsconfs_own(install: Callable[..., None], scheme: str) -> None:
    install("raise SystemExit('s3cret')", scheme)
    assert plugins.installed() == {}
    assert Resolver({"A": "mine"}).fetch("env://A", key="k").reveal() == "mine"


@pytest.mark.parametrize("scheme", ["Toy", "1toy", "to y", "toy://"])
def test_a_name_that_is_no_scheme_is_left_out(install: Callable[..., None], scheme: str) -> None:
    install(GOOD, scheme)
    assert plugins.installed() == {}


BROKEN = {
    "no such name": ("x = 1", "can't be imported (AttributeError)"),
    "a syntax error": ("def", "can't be imported (SyntaxError)"),
    "a missing package": ("import not_there_at_all", "can't be imported (ModuleNotFoundError)"),
    "an exit": ("raise SystemExit('s3cret')", "can't be imported (SystemExit)"),
    "a factory that fails": ("def make(c, n): raise ValueError('s3cret')", "can't be set up (ValueError)"),
    "a factory that is none": ("make = 1", "can't be set up (TypeError)"),
    "no fetch": ("def make(c, n): return 1", "failed at toy://x (AttributeError)"),
    "a fetch that fails": (
        "class B:\n def fetch(self, r): raise ValueError('s3cret')\ndef make(c, n): return B()",
        "failed at toy://x (ValueError)",
    ),
    "no secret": ("class B:\n def fetch(self, r): return 's3cret'\ndef make(c, n): return B()", "gave no secret"),
    "nothing": ("class B:\n def fetch(self, r): return None\ndef make(c, n): return B()", "gave no secret"),
    "an empty one": (f"{HEAD}class B:\n def fetch(self, r): return Secret('')\ndef make(c, n): return B()", "is empty"),
    "its own words": (
        f"{HEAD}class B:\n def fetch(self, r): raise SecretUnavailable('it is away', 'ask ann')\ndef make(c, n): return B()",
        "it is away",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_one_that_is_broken_breaks_only_itself(install: Callable[..., None], case: str) -> None:
    code, what = BROKEN[case]
    install(code)
    install(GOOD, "other", "other-package")
    assert what in str(refusal())
    assert Resolver({}).fetch("other://x", key="k").reveal() == "value of x"


def test_two_of_one_scheme_are_both_named(install: Callable[..., None]) -> None:
    install(GOOD)
    install(GOOD, "toy", "another-package")
    assert "another-package and toy-package" in str(refusal()) or "toy-package and another-package" in str(refusal())


def test_facts_and_close_that_fail_change_nothing(install: Callable[..., None]) -> None:
    install(GOOD.replace("CLOSED.append(1)", "1 / 0").replace("'a test'", "1 / 0"))
    with Resolver({}) as resolver:
        assert resolver.fetch("toy://x", key="k").reveal() == "value of x"
        assert resolver.facts("toy://x") == {}


def test_an_unknown_scheme_names_the_nearest(install: Callable[..., None]) -> None:
    install(GOOD)
    with pytest.raises(SecretUnavailable) as caught:
        Resolver({}).fetch("toi://x", key="k")
    assert caught.value.hint == "did you mean toy://?"
