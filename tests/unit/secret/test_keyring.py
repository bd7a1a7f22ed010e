"""The keyring's choice of a store and its words, without a store; the real ones are in tests/integration."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dtsconf.errors import SecretUnavailable
from dtsconf.secret import keyring
from dtsconf.secret.keyring import KeyringBackend, parts, user_name
from dtsconf.secret.ref import parse
from dtsconf.secret.value import Secret

ENTRY = parse("keyring://svc/user")


class Store:
    """Does what a test tells it."""

    def __init__(self, answer: Callable[[], str | None] = lambda: None) -> None:
        self.answer = answer

    def get_password(self, _service: str, _user: str) -> str | None:
        return self.answer()

    def set_password(self, _service: str, _user: str, _value: str) -> None: ...

    def delete_password(self, _service: str, _user: str) -> None: ...


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[Store], KeyringBackend]:
    """A backend on such a store."""

    def made(store: Store) -> KeyringBackend:
        monkeypatch.setattr(keyring, "_first_that_works", lambda: store)
        monkeypatch.setattr(keyring, "_name", lambda _store: "a test's store")
        return KeyringBackend({}, [])

    return made


def refusal(backend: KeyringBackend) -> SecretUnavailable:
    with pytest.raises(SecretUnavailable) as caught:
        backend.fetch(ENTRY)
    return caught.value


def raising(error: Exception) -> Callable[[], str | None]:
    def raise_it() -> str | None:
        raise error

    return raise_it


def test_the_first_slash_parts_service_and_user() -> None:
    assert parts(parse("keyring://dts mail/a/b@c")) == ("dts mail", "a/b@c")


@pytest.mark.parametrize(
    ("choice", "what"),
    [
        ("keyring.backends.null.Keyring", "forgets what it is given"),
        ("keyring.backends.fail.Keyring", "none at all"),
        ("keyrings.alt.file.PlaintextKeyring", "a file of its own"),
        ("somewhere.Else", "none of the system's"),
    ],
)
def test_a_choice_that_is_not_the_systems_store_is_refused(choice: str, what: str) -> None:
    error = refusal(KeyringBackend({"PYTHON_KEYRING_BACKEND": choice}, []))
    assert choice in str(error)
    assert what in str(error)
    assert "PYTHON_KEYRING_BACKEND" in str(error)
    assert error.code == 5


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\nkeyring-path=/tmp/evil\n", True),
        ("no ini file at all", True),
        ("[backend]\ndefault-keyring=keyring.backends.SecretService.Keyring\n", False),
        ("[backend]\n", False),
        ("", False),
    ],
)
def test_keyrings_own_file_is_looked_at_and_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, refused: bool
) -> None:
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    (folder / "keyringrc.cfg").write_text(text)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(keyring, "_first_that_works", lambda: None)
    message = str(refusal(KeyringBackend({}, [])))
    assert (f"{folder}/keyringrc.cfg" in message) is refused
    assert ("no session bus" in message) is not refused
    assert "/tmp/evil" not in sys.path


def test_a_plaintext_store_that_is_installed_is_not_taken(tmp_path: Path) -> None:
    """As keyrings.alt does it: an entry point that keyring would load by itself."""
    info = tmp_path / "evil-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[keyring.backends]\nevil = evil_keyring\n")
    (tmp_path / "evil_keyring.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Plain(KeyringBackend):\n"
        "    priority = 9\n"
        "    def get_password(self, *a): return 'in clear'\n"
        "    def set_password(self, *a): pass\n"
        "    def delete_password(self, *a): pass\n"
    )
    ours = (
        "from dtsconf.secret.resolver import Resolver\n"
        "from dtsconf.errors import SecretUnavailable\n"
        "import sys\n"
        "try: print(Resolver({}).fetch('keyring://a/b', key='k').reveal())\n"
        "except SecretUnavailable as e: print(e)\n"
        "print('evil_keyring' in sys.modules)\n"
    )
    theirs = "import keyring; print(keyring.get_password('a', 'b'))"
    environ = {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}", "HOME": str(tmp_path)}

    def said(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    assert said(theirs) == "in clear\n", "the trap works"
    assert "no session bus" in said(ours)
    assert said(ours).endswith("False\n")


ERRORS: Mapping[str, tuple[Exception, str]] = {
    "text that can't be decoded": (UnicodeDecodeError("utf-8", b"s3cret\xff", 6, 7, "invalid start byte"), "not UTF-8"),
    "anything": (RuntimeError("s3cret"), "RuntimeError"),
    "a key error": (KeyError("s3cret"), "KeyError"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_no_words_of_a_library_are_repeated(give: Callable[[Store], KeyringBackend], case: str) -> None:
    error, what = ERRORS[case]
    found = refusal(give(Store(raising(error))))
    assert what in str(found)
    assert "s3cret" not in f"{found}{found.hint}{found!r}"
    assert found.__cause__ is None
    assert found.__suppress_context__


def test_a_store_that_forgets_is_found_out(give: Callable[[Store], KeyringBackend]) -> None:
    with pytest.raises(SecretUnavailable, match="gives another secret") as caught:
        give(Store()).keep(ENTRY, Secret("s3cret"))
    assert "s3cret" not in f"{caught.value}{caught.value.hint}"
    give(Store(lambda: "s3cret")).keep(ENTRY, Secret("s3cret"))


def test_where_a_window_may_come_up_there_is_more_time() -> None:
    assert KeyringBackend({}, [])._patience() == keyring.ALONE
    assert KeyringBackend({"DISPLAY": ":0"}, [])._patience() == keyring.ASKING
    assert KeyringBackend({"WAYLAND_DISPLAY": "wayland-0"}, [])._patience() == keyring.ASKING


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_the_stores_are_there_in_the_keyring_that_is_locked(platform: str) -> None:
    """Their modules can't all be imported here, but their source can be read."""
    import ast
    from importlib.util import find_spec

    for name in keyring.STORES[platform]:
        module, _, kind = name.rpartition(".")
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text())
        assert kind in {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def test_whose() -> None:
    assert KeyringBackend({"USER": "mallory", "LOGNAME": "mallory"}, []).whose() == f"{user_name()}'s keyring"
    assert user_name() != "mallory"
