"""dtsconf as functions, against a scripted mail server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import dtsconf
from dtsconf.api import rollback_of
from dtsconf.errors import DtsconfError, Invalid, SecretUnavailable, UsageProblem, VerificationFailed
from dtsconf.machine.plan import Plan
from dtsconf.machine.request import Applied, Options
from dtsconf.settings.effective import Effective
from dtsconf.wiring import inputs
from tests.scenarios.smtpd import Smtpd
from tests.unit.cli.calls import PROFILE, profile

WORD = "c4nary-Passw0rd"
LOGIN = """\
dtsconf: 1
name: acme-perth
settings:
  sender: {{email: lab@acme.example}}
  server: {{host: 127.0.0.1, port: {port}, allow_cleartext_login: true}}
  login: {{required: true, username: lab, password: "env://PW"}}
"""


@pytest.fixture
def server() -> Iterator[Smtpd]:
    started = Smtpd(users={"lab": WORD}, auth_without_tls=True).start()
    yield started
    started.stop()


@pytest.fixture
def site(server: Smtpd, tmp_path: Path) -> str:
    return profile(tmp_path, LOGIN.format(port=server.port))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


GOOD = {"PW": WORD}


def test_load(site: str) -> None:
    found = dtsconf.load(site, overrides={"sender.name": "Ann", "connection.timeout": 3, "login.mechanism": None})
    assert isinstance(found, Effective)
    assert (found.settings.sender.name, found.settings.connection.timeout) == ("Ann", 3)
    assert found.origin["sender.name"].layer == "command line"
    assert found.origin["server.host"].layer == "profile"
    assert dtsconf.load(Path(site), overrides=["sender.name=Bob"]).settings.sender.name == "Bob"


@pytest.mark.parametrize(("value", "read"), [(True, True), (False, False)])
def test_overrides_are_read_by_type(site: str, value: bool, read: bool) -> None:
    found = dtsconf.load(site, overrides={"microsoft.remember_me": value})
    assert found.settings.microsoft.remember_me is read


def test_plan_reads_no_secret_and_writes_nothing(site: str, root: Path) -> None:
    found = dtsconf.plan(site, root=root, environ={})
    assert isinstance(found, Plan)
    assert [(c.action, c.path) for c in found.changes] == [
        ("create", "/etc/dts/email.json"), ("create", "/etc/dts/email.secrets.json"),
    ]  # fmt: skip
    assert not root.exists()
    with pytest.raises(SecretUnavailable):
        dtsconf.plan(site, root=root, environ={}, secrets=True)
    assert WORD not in repr(dtsconf.plan(site, root=root, environ=GOOD, secrets=True))


def test_apply_then_nothing_then_check(site: str, root: Path, server: Smtpd) -> None:
    applied = dtsconf.apply(site, root=root, environ=GOOD, reason="first")
    assert isinstance(applied, Applied)
    assert applied.changed
    assert applied.generation is not None
    assert (applied.generation.number, applied.generation.reason) == (1, "first")
    assert applied.verification is not None
    assert applied.verification.ok
    assert len(server.messages) == 1
    assert WORD not in repr(applied)
    again = dtsconf.apply(site, root=root, environ=GOOD)
    assert (again.changed, again.changes) == (False, ())
    checked = dtsconf.check(root=root, environ={})
    assert checked.verification.ok
    assert server.logins == [("lab", WORD)] * 2
    assert WORD not in repr(checked)


def test_apply_goes_wrong_with_all_that_was_known(site: str, root: Path, server: Smtpd) -> None:
    with pytest.raises(VerificationFailed) as caught:
        dtsconf.apply(site, root=root, environ={"PW": "wr0ng-canary"})
    error = caught.value
    assert error.code == 6
    assert error.hint
    assert isinstance(error.known, Applied)
    assert error.known.verification is not None
    assert error.known.verification.failure is not None
    assert error.known.verification.failure.cause == "auth-rejected"
    assert not (root / "etc").exists()
    assert "wr0ng-canary" not in f"{error!r}{error}{error.known!r}"


def test_a_secret_that_is_missing(site: str, root: Path) -> None:
    with pytest.raises(SecretUnavailable) as caught:
        dtsconf.apply(site, root=root, environ={})
    assert caught.value.code == 5
    assert caught.value.hint
    assert isinstance(caught.value.known, Applied)
    assert not (root / "etc").exists()


def test_invalid_settings_have_their_problems(tmp_path: Path, root: Path) -> None:
    path = profile(tmp_path, PROFILE.replace("2525", "x").replace("lab@", "lab"))
    for function in (dtsconf.load, dtsconf.plan, dtsconf.apply, dtsconf.check):
        with pytest.raises(Invalid) as caught:
            function(path, root=root)
        assert caught.value.code == 3
        assert {p.key for p in caught.value.problems} >= {"server.port", "sender.email"}
        assert isinstance(caught.value, dtsconf.DtsconfError)


def test_check_reports_a_refusal_instead_of_raising(site: str, root: Path, server: Smtpd) -> None:
    found = dtsconf.check(site, root=root, environ={"PW": "wrong"}).verification
    assert (found.ok, found.reached) == (False, True)
    found = dtsconf.check(site, root=root, environ=GOOD, level="connect").verification
    assert (found.ok, found.level) == (True, "connect")
    assert server.messages == []


def test_check_below_auth_reads_no_secret(site: str, root: Path) -> None:
    assert dtsconf.check(site, root=root, environ={}, level="connect").verification.ok
    with pytest.raises(SecretUnavailable):
        dtsconf.check(site, root=root, environ={}, level="auth")


def test_check_knows_its_levels(site: str, root: Path) -> None:
    odd: Any = "deep"
    with pytest.raises(UsageProblem, match="'deep' is no level") as caught:
        dtsconf.check(site, level=odd, root=root)
    assert caught.value.hint == "one of connect, auth, envelope, send"


def test_nobody_and_nothing_may_be_none(site: str, root: Path, server: Smtpd) -> None:
    sent = dtsconf.send(
        "bob@acme.example", cc=None, bcc=None, reply_to=None, attach=None, profile=site, root=root, environ=GOOD
    )
    assert [one.address for one in sent.recipients] == ["bob@acme.example"]


def test_check_goes_to_allowed_recipients_only(server: Smtpd, tmp_path: Path, root: Path) -> None:
    path = profile(tmp_path, LOGIN.format(port=server.port) + 'policy: {recipients: ["*@acme.example"]}\n')
    with pytest.raises(Invalid) as caught:
        dtsconf.check(path, root=root, environ=GOOD, to="x@else.example")
    assert caught.value.code == 4
    assert dtsconf.check(path, root=root, environ=GOOD, to="x@acme.example").verification.ok
    assert [message.recipients for message in server.messages] == [["x@acme.example"]]


def test_importing_costs_nothing() -> None:
    code = "import sys, dtsconf; print(dtsconf.__version__); print('pydantic' in sys.modules, 'dtsconf.api' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[1] == "False False"


def test_the_package_hands_on_what_it_says() -> None:
    assert dir(dtsconf) == sorted(dtsconf.__all__)
    for name in dtsconf.__all__:
        assert getattr(dtsconf, name) is not None
    with pytest.raises(AttributeError):
        _ = dtsconf.nonsense


def test_settings_bring_their_root_along(site: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PW", WORD)
    settings = dtsconf.load(site, root=root)
    assert settings.root == str(root)
    kept = dtsconf.send("you@acme.example", "log", "x", queue=True, settings=settings)
    (queued,) = root.rglob("*.eml")
    assert queued.name.startswith(f"{kept.queued}-")
    dtsconf.send("you@acme.example", "log", "x", queue=True, settings=settings, root=root)
    assert len(list(root.rglob("*.eml"))) == 2


def test_what_is_not_given_is_the_environments_as_for_the_commands(
    site: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PW", WORD)
    monkeypatch.setenv("DTSCONF_ROOT", str(tmp_path / "trial"))
    monkeypatch.setenv("DTSCONF_PROFILE", site)
    assert dtsconf.apply(verify=False).changed
    assert (tmp_path / "trial/etc/dts/email.json").exists()
    assert not root.exists()
    assert dtsconf.apply(site, root=root, verify=False).changed, "what is given counts"
    assert (root / "etc/dts/email.json").exists()
    assert dtsconf.load(root=root, environ={}).root == str(root), "the environment that is given counts"
    with pytest.raises(Invalid, match="DTS_EMAIL_SERVER__HOTS"):
        dtsconf.load(environ={"DTSCONF_PROFILE": site, "DTSCONF_STRICT": "1", "DTS_EMAIL_SERVER__HOTS": "x"})


def test_settings_of_one_root_are_not_sent_with_under_another(
    site: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dtsconf.load(site, root=root)
    monkeypatch.setenv("DTSCONF_ROOT", str(tmp_path / "trial"))
    monkeypatch.setenv("DTSCONF_PROFILE", str(tmp_path / "none.yaml"))
    dtsconf.send("you@acme.example", "log", "x", queue=True, settings=settings)
    assert len(list(root.rglob("*.eml"))) == 1


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ({"html": "Report.HTML"}, "html= is the HTML itself", "html=pathlib.Path('Report.HTML').read_text()"),
        ({"body": b"x"}, "body= takes texts, and this is bytes", "decoded first"),
        ({"subject": 12}, "subject= takes texts, and this is int", ""),
        ({"to": 12}, "to= takes texts, and this is int", ""),
        ({"cc": b"a@x.example"}, "cc= takes texts, and this is bytes", "decoded first"),
        ({"attach": ("x.txt", b"x")}, "attach= takes texts, and this is bytes", "write them to a file"),
        ({"attach": [None, "x.txt"]}, "attach= has None among what it names", "leave it out"),
        ({"bcc": [None]}, "bcc= has None among what it names", "leave it out"),
        ({"body": Path("x.txt")}, "body= takes texts", "body=path.read_text()"),
        ({"zip": "no"}, "zip= takes True or False, and this is str", "zip=(text == 'yes')"),
        ({"strict": "0"}, "strict= takes True or False, and this is str", "compare a text first"),
        ({"settings": "Settings"}, "settings= is not what dtsconf.load gave", "give it whole"),
    ],
)
def test_what_is_of_another_kind_is_told(site: str, root: Path, words: Any, message: str, hint: str) -> None:
    if "settings" in words:
        words = {"settings": dtsconf.load(site, root=root).settings}
    given = {"to": "you@acme.example", **({} if "settings" in words else {"profile": site, "root": root}), **words}
    with pytest.raises(UsageProblem, match=message) as caught:
        dtsconf.send(**given, queue=True)
    assert hint in (caught.value.hint or "")
    assert list(root.rglob("*.eml")) == []


def test_an_open_file_is_no_list_of_names(site: str, root: Path) -> None:
    with open(site) as file, pytest.raises(UsageProblem, match="this is an open file"):
        dtsconf.send("you@acme.example", attach=file, profile=site, root=root)


@pytest.mark.parametrize("off", ["0", "no", "False"])
def test_a_text_switches_no_queue_on(site: str, root: Path, off: Any) -> None:
    with pytest.raises(UsageProblem, match="queue= takes True or False"):
        dtsconf.send("you@acme.example", "log", "x", queue=off, profile=site, root=root)
    assert list(root.rglob("*.eml")) == []


def test_an_error_says_where_it_is(site: str, root: Path, tmp_path: Path) -> None:
    """As README prints it: which address, which file."""
    with pytest.raises(UsageProblem, match=r"^--cc: it is empty"):
        dtsconf.send("you@acme.example", cc="", profile=site, root=root)
    with pytest.raises(Invalid, match=r"^.*none\.yaml:1:1: the file is not there"):
        dtsconf.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("call", "odd"),
    [
        (dtsconf.load, {"user": "no"}),
        (dtsconf.plan, {"secrets": "no"}),
        (dtsconf.check, {"to": 5}),
        (dtsconf.apply, {"reason": 5}),
        (dtsconf.apply, {"verify": "no"}),
        (dtsconf.apply, {"adopt": "no"}),
        (dtsconf.apply, {"trust_profile": "no"}),
    ],
)
def test_what_is_of_another_kind_is_told_by_each_function(site: str, root: Path, call: Any, odd: Any) -> None:
    (name,) = odd
    with pytest.raises(UsageProblem, match=rf"^{name}= takes"):
        call(site, root=root, **odd)


def test_no_subject_may_be_none(site: str, root: Path) -> None:
    dtsconf.send(
        "you@acme.example", None, "x", html="report.html: <b>see there</b>", queue=True, profile=site, root=root
    )
    assert len(list(root.rglob("*.eml"))) == 1


def test_settings_older_than_the_machine_are_told_as_that(site: str, root: Path, server: Smtpd) -> None:
    """A script that runs on while a password is rotated: one more apply would change nothing."""
    dtsconf.apply(site, root=root, environ=GOOD)
    settings = dtsconf.load(root=root)
    server.users = {"lab": "r0tated-canary"}
    dtsconf.apply(site, root=root, environ={"PW": "r0tated-canary"})
    with pytest.raises(SecretUnavailable, match="before the machine's last apply") as caught:
        dtsconf.send("you@acme.example", "log", "x", settings=settings)
    assert caught.value.hint == "load them anew: settings=dtsconf.load()"
    assert dtsconf.send("you@acme.example", "log", "x", settings=dtsconf.load(root=root)).ok
    (root / "etc/dts/email.secrets.json").unlink()
    with pytest.raises(SecretUnavailable, match="is not there") as gone:
        dtsconf.send("you@acme.example", "log", "x", settings=dtsconf.load(root=root))
    assert gone.value.hint == "dtsconf apply, as root, delivers it again"


def test_settings_stand_alone(site: str, root: Path, tmp_path: Path) -> None:
    settings = dtsconf.load(site, root=root)
    for words in ({"root": tmp_path}, {"profile": site}, {"overrides": ["sender.name=Ann"]}, {"strict": True}):
        given: Any = words
        with pytest.raises(UsageProblem, match="settings="):
            dtsconf.send("you@acme.example", "log", "x", queue=True, settings=settings, **given)
    with pytest.raises(UsageProblem, match="read for this machine"):
        dtsconf.send("you@acme.example", "log", "x", queue=True, settings=dtsconf.load(site), root=root)
    assert list(root.rglob("*.eml")) == []


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"root": ""}, "root= is empty"),
        ({"profile": ""}, "profile= is empty"),
        ({"root": 5}, "root= takes a path"),
        ({"profile": b"x.yaml"}, "profile= takes a path"),
        ({"environ": {"DTS_EMAIL_SERVER__PORT": 587}}, "DTS_EMAIL_SERVER__PORT"),
        ({"environ": 5}, "environ= takes a mapping"),
        ({"overrides": 5}, "overrides= takes a mapping or several texts"),
        ({"overrides": "server.port=587"}, "overrides= takes a mapping or several texts"),
    ],
)
def test_what_is_no_path_or_no_variable_is_told_as_that(odd: dict[str, Any], told: str) -> None:
    """An empty root above all: it must not be this machine's own."""
    for call in (dtsconf.load, dtsconf.plan, dtsconf.apply, dtsconf.check, partial(dtsconf.send, "a@acme.example")):
        with pytest.raises(UsageProblem, match=told):
            call(**odd)


def test_without_a_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(DtsconfError, match="current folder is not there"):
        dtsconf.load(root="here")


def test_a_rollback_goes_where_it_was_asked_to_whatever_others_do_meanwhile(site: str, root: Path) -> None:
    change = partial(dtsconf.apply, site, root=root, verify=False, environ=GOOD)
    given = inputs(root=root, environ=GOOD)
    change()
    change(overrides={"sender.name": "Ann"})
    others = iter(
        [partial(rollback_of, 0, given, Options(verify=False)), partial(change, overrides=["sender.name=Bob"])]
    )

    def meanwhile(_plan: Plan) -> bool:
        for other in others:
            other()
        return True

    gone = rollback_of(None, given, Options(verify=False), ask=meanwhile)
    assert (gone.changed, gone.rollback_of) == (True, 1)
    assert dtsconf.load(root=root, environ=GOOD).settings.sender.name is None
