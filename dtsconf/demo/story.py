"""The steps of the story: which command each one runs, and what must then be true of machine, mail server and output.

A claim is checked against facts (files, bytes, mails, exit codes), not against what was expected to be printed; where
the point of a step is that something is said, the output is searched for the places themselves. The first step that
comes out otherwise ends the story.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy

from dtsconf.demo.certificate import make_certificates
from dtsconf.demo.place import CHECK_ADDRESS, MACHINE, USER, Place, Ran
from dtsconf.demo.server import ADDRESS, MailServer
from dtsconf.frozen import frozen

NEXT = "dtsconf init"
"""The command that comes after the story."""

_PROFILED = ["--profile", "site.yaml", "--root", MACHINE]
_APPLY = ["apply", "--yes", *_PROFILED]


@frozen
class Claim:
    """Something the story says of a step, and whether it is so."""

    what: str
    ok: bool


@frozen
class Step:
    """One step as it went: what was done before (if anything), the command as typed, its exit code and output, what
    the outside world shows (a mail, a digest), and the claims."""

    number: int
    title: str
    before: str
    command: str
    exit_code: int
    output: str
    seen: str
    claims: tuple[Claim, ...]

    @property
    def ok(self) -> bool:
        """Whether it went as told."""
        return all(claim.ok for claim in self.claims)


@frozen
class Told:
    """The whole story. `profile` is the profile's text, `server` the mail server's address and port."""

    folder: str
    server: str
    profile: str
    steps: tuple[Step, ...]
    seconds: float
    next: str = NEXT

    @property
    def ok(self) -> bool:
        """Whether every step was reached and went as told."""
        return len(self.steps) == len(_STORY) and all(step.ok for step in self.steps)


@dataclass
class _Scene:
    """What the steps share: the place, the server, and what is remembered from one step to the next."""

    place: Place
    server: MailServer
    number: int = 0
    memory: dict[str, str] = field(default_factory=dict)

    def step(
        self,
        title: str,
        args: list[str],
        claims: Callable[[Ran], list[Claim]],
        *,
        before: str = "",
        seen: Callable[[], str] = lambda: "",
    ) -> Step:
        """Run `dtsconf ARGS` and check what the story claims of it."""
        self.number += 1
        ran = self.place.run(args)
        checked = tuple(claims(ran))
        return Step(self.number, title, before, "dtsconf " + " ".join(args), ran.code, ran.output, seen(), checked)


def tell(progress: Callable[[str], None] = lambda _words: None) -> Told:
    """Tell the story from beginning to end and remove every trace of it. `progress` hears each step's title.

    Raises:
        DtsconfError: there is no loopback port to listen on.
        OSError: the temporary folder can't be written.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dtsconf-demo-") as folder:
        certificates = make_certificates(folder, ADDRESS)
        place, password = Place(folder, certificates.authority), secrets.token_urlsafe(12)
        os.mkdir(place.path(MACHINE), 0o755)
        place.write("password", password)
        with MailServer(certificates.server, USER, password) as server:
            profile = place.write_profile(ADDRESS, server.port)
            steps = tuple(_steps(_Scene(place, server), progress))
            listening = f"{ADDRESS}:{server.port}"
    return Told(folder, listening, profile, steps, time.monotonic() - start)


def _steps(scene: _Scene, progress: Callable[[str], None]) -> Iterator[Step]:
    for told in _STORY:
        progress((told.__doc__ or "").rstrip("."))
        step = told(scene)
        yield step
        if not step.ok:
            return


def _plan(scene: _Scene) -> Step:
    """Look before anything happens."""
    empty = scene.place.digest()

    def claims(ran: Ran) -> list[Claim]:
        return [
            _code(ran, 0),
            Claim("the plan names the machine config", "/etc/dts/email.json" in ran.output),
            Claim("nothing was written, nobody was asked", scene.place.digest() == empty and not scene.server.arrived),
        ]

    return scene.step("Look before anything happens", ["plan", *_PROFILED], claims)


def _apply(scene: _Scene) -> Step:
    """Apply it, proven by a mail."""

    def claims(ran: Ran) -> list[Claim]:
        mails = scene.server.arrived
        only = mails[0] if len(mails) == 1 else None
        secure = only is not None and only.encrypted and only.login == USER
        proven = only is not None and only.recipients == (CHECK_ADDRESS,)
        return [
            _code(ran, 0),
            Claim("the machine config is there", "/etc/dts/email.json" in scene.place.files()),
            Claim("one mail arrived at the address that verifies", proven),
            Claim("it came encrypted and logged in", secure),
            Claim("the password is in no output", scene.server.password not in ran.output),
        ]

    return scene.step("Apply it, proven by a mail", _APPLY, claims, seen=lambda: _mail(scene.server))


def _again(scene: _Scene) -> Step:
    """Apply it again: nothing to change."""
    before, mails = scene.place.digest(), len(scene.server.arrived)

    def claims(ran: Ran) -> list[Claim]:
        return [
            _code(ran, 0),
            Claim("not a byte of the machine changed", scene.place.digest() == before),
            Claim("no second mail was sent", len(scene.server.arrived) == mails),
        ]

    return scene.step("Apply it again: nothing to change", _APPLY, claims)


def _lock(scene: _Scene) -> Step:
    """A user's value against a lock."""
    scene.place.write("email.yaml", "server:\n  host: mail.home.example\n")

    def claims(ran: Ran) -> list[Claim]:
        placed = _line_with(ran.output, "server.host", "email.yaml:2:")
        return [
            _code(ran, 0),
            Claim("the locked value stands", ADDRESS in ran.stdout),
            Claim("the user's value is set aside, with its place", placed),
            Claim("and the lock's place is named", _line_with(ran.output, "server.host", "site.yaml:")),
        ]

    before = "A user of this machine writes into their own email.yaml:  server: {host: mail.home.example}"
    return scene.step("A user's value against a lock", ["show", "--screen", "--root", MACHINE], claims, before=before)


def _wrong(scene: _Scene) -> Step:
    """A wrong password: not applied."""
    scene.place.write("password", "not-the-password")
    before, mails, refused = scene.place.digest(), len(scene.server.arrived), scene.server.refused_logins

    def claims(ran: Ran) -> list[Claim]:
        server = scene.server
        return [
            _code(ran, 6),
            Claim("it says NOT APPLIED", "NOT APPLIED" in ran.output),
            Claim("the server refused the login", server.refused_logins > refused),
            Claim("no mail was sent", len(server.arrived) == mails),
            Claim("the machine is byte for byte as before", scene.place.digest() == before),
        ]

    def seen() -> str:
        return f"SHA-256 of everything in {MACHINE}/\n  before {before}\n  after  {scene.place.digest()}"

    told = "Somebody puts another password into the file that the profile names."
    return scene.step("A wrong password: not applied", _APPLY, claims, before=told, seen=seen)


def _rollback(scene: _Scene) -> Step:
    """Back to what stood here before dtsconf."""

    def claims(ran: Ran) -> list[Claim]:
        return [_code(ran, 0), Claim("nothing that dtsconf put on the machine is left", scene.place.files() == [])]

    def seen() -> str:
        return f"files in {MACHINE}/, dtsconf's own records aside: {', '.join(scene.place.files()) or 'none'}"

    args = ["rollback", "0", "--yes", "--root", MACHINE]
    return scene.step("Back to what stood here before dtsconf", args, claims, seen=seen)


_STORY = (_plan, _apply, _again, _lock, _wrong, _rollback)


def _code(ran: Ran, wanted: int) -> Claim:
    return Claim(f"exit code {wanted}", ran.code == wanted)


def _line_with(text: str, *words: str) -> bool:
    return any(all(word in line for word in words) for line in text.splitlines())


def _mail(server: MailServer) -> str:
    if not server.arrived:
        return "no mail arrived"
    mail = server.arrived[-1]
    message = message_from_bytes(mail.content, policy=policy.default)
    heads = [f"{name}: {value}" for name, value in message.items()]
    body = message.get_body(("plain",))
    text = "" if body is None else str(body.get_content())
    top = f"the mail as it arrived (from {mail.sender} to {', '.join(mail.recipients)}, login {mail.login})"
    return "\n".join([top, "", *heads, "", *text.rstrip().splitlines()])
