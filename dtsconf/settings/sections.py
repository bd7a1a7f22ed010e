"""The profile file and its sections, declared once: the reader's shapes and the JSON Schema derive from here.

As in `model`, the docstring under a field is its meaning. Conditions between fields (a vault method and what it needs,
targets given twice) are in `part`; these classes only say what each field may hold by itself. Annotations are no texts,
as in `model`.
"""

import sys
from dataclasses import field
from typing import Annotated, Final, Literal

from dtsconf.frozen import frozen
from dtsconf.settings.declared import Declared
from dtsconf.settings.faults import fault
from dtsconf.settings.keys import GROUPS, KEYS, SECTIONS, nearest_key
from dtsconf.settings.marks import After, AtLeast, InSchema
from dtsconf.settings.model import Settings
from dtsconf.settings.types import (
    AbsolutePath,
    Address,
    Filled,
    LocalPath,
    OwnReference,
    Recipient,
    RecordPath,
    Retries,
    Seconds,
    Size,
    Splay,
    VaultUrl,
)

FORMAT: Final = 1
"""The version of the profile's format that this program reads."""

DEFAULT_DELIVER: Final[Literal["file", "reference"]] = "reference" if sys.platform == "win32" else "file"
"""How a machine gets its secrets when the profile doesn't say."""

TargetKind = Literal["dts", "msmtp"]


def _format(number: int) -> int:
    if number != FORMAT:
        raise fault(
            "format",
            f"is no format that this dtsconf reads: it knows {FORMAT}",
            f"update dtsconf on this machine, or write dtsconf: {FORMAT}",
        )
    return number


def _bare(text: str) -> str:
    from dtsconf.secret.ref import looks_like_reference

    if looks_like_reference(text):
        raise fault(
            "reference",
            "is a reference, and this is no secret: it is sent as it stands",
            "write the id itself: vault read auth/approle/role/NAME/role-id",
        )
    return text


def _named(text: str, known: tuple[str, ...], what: str) -> str:
    if text not in known:
        near = nearest_key(text, [name for name in SECTIONS if name in known])
        raise fault(
            "unknown-key",
            f"is no {what}",
            f"did you mean {near}?" if near in known else "write a name such as server.host or server",
        )
    return text


def _lockable(text: str) -> str:
    return _named(text, (*KEYS, *GROUPS, *SECTIONS), "setting, nor verify, secrets or targets")


def _expectable(text: str) -> str:
    return _named(text, (*KEYS, *GROUPS), "setting")


def _ruled(text: str) -> str:
    if text in GROUPS:
        first = next(key for key in KEYS if key.startswith(text + "."))
        raise fault(
            "unknown-key", "is a group, and a rule is about one value", f"write one of its keys, such as {first}"
        )
    return _named(text, tuple(KEYS), "setting")


def _requirement(text: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise fault("requires", "is no version condition", 'write one such as ">=1.2"') from None
    return text


def _names(*known: str) -> InSchema:
    return InSchema(enum=list(known))


RoleId = Annotated[Filled, After(_bare)]
Format = Annotated[int, After(_format), InSchema(const=FORMAT)]
Lockable = Annotated[str, After(_lockable), _names(*KEYS, *GROUPS, *SECTIONS)]
Expectable = Annotated[str, After(_expectable), _names(*KEYS, *GROUPS)]
Ruled = Annotated[str, After(_ruled), _names(*KEYS)]
Requirement = Annotated[str, After(_requirement), InSchema(type="string")]
Scalar = Annotated[str | int | float | bool, InSchema(type=["string", "number", "boolean"])]


class Section(Declared):
    """A mapping of the profile file."""

    __slots__ = ()


@frozen
class RuleSection(Section):
    """A condition on one setting's effective value. One or more of one_of, none_of, matches, min, max, present."""

    key: Ruled
    """The setting that it is about."""
    one_of: Annotated[tuple[Scalar, ...], AtLeast(1)] = ()
    """The value must be one of these."""
    none_of: Annotated[tuple[Scalar, ...], AtLeast(1)] = ()
    """The value must be none of these."""
    matches: Filled = ""
    """The value must match this glob (`*` and `?`)."""
    min: Scalar = 0
    """The value must not be below this."""
    max: Scalar = 0
    """The value must not be above this."""
    present: bool = True
    """true: a value must be given. false: none may be."""
    because: Filled | None = None
    """The reason, shown to whoever breaks the rule."""


@frozen
class PolicySection(Section):
    """What no higher layer and no extending file may change or loosen."""

    lock: tuple[Lockable, ...] = ()
    """Settings keys or groups that keep the organisation's value, and verify, secrets, targets."""
    rules: tuple[RuleSection, ...] = ()
    """Conditions on effective values."""
    recipients: tuple[Recipient, ...] | None = None
    """Addresses and globs that mail may go to; absent: anyone."""
    max_size: Size | None = None
    """The largest message to send: a number of bytes, or a text such as 25 MiB."""


@frozen
class VaultAuth(Section):
    """How to sign in to Vault. Its secret fields take references, but none to Vault."""

    method: Literal["token", "approle", "jwt", "cert"] = "token"
    """Vault's auth method."""
    mount: Filled | None = None
    """Where the method is mounted; default: under its own name."""
    role: Filled | None = None
    """Role to sign in as (jwt, cert)."""
    role_id: RoleId | None = None
    """The role's id (approle). An id, no secret."""
    secret_id: OwnReference | None = None
    """The role's secret id (approle)."""
    jwt: OwnReference | None = None
    """The token that proves who signs in (jwt)."""
    certificate: OwnReference | None = None
    """PEM certificate with its key (cert)."""
    token: OwnReference | None = None
    """A Vault token (token)."""


@frozen
class VaultOptions(Section):
    """The Vault that vault:// references are read from."""

    url: VaultUrl | None = None
    """Its address; default: VAULT_ADDR, unless auth names a secret. http only on loopback."""
    namespace: Filled | None = None
    """Vault Enterprise's namespace."""
    ca_file: LocalPath | None = None
    """PEM file of roots to trust for it; in a profile relative to that file."""
    timeout: Seconds = 15
    """Seconds, per request."""
    auth: VaultAuth = field(default_factory=VaultAuth)
    """How to sign in to Vault."""


@frozen
class SecretsOptions(Section):
    """How secrets reach the machine."""

    deliver: Literal["file", "reference"] = DEFAULT_DELIVER
    """file: beside the machine config. reference: resolved at each send. The default is file, on Windows reference."""
    group: Filled | None = None
    """With deliver file: this group may read the secrets file."""
    vault: VaultOptions = field(default_factory=VaultOptions)
    """The Vault that vault:// references are read from."""


@frozen
class Verify(Section):
    """The test send that an apply must pass."""

    level: Literal["none", "connect", "auth", "envelope", "send"] = "send"
    """How far the test goes."""
    to: Address | None = None
    """Who gets the test mail; null: the sender's own address."""
    retries: Retries = 3
    """Further tries after a failure that may pass, with waits of 1, 2, 4 s."""
    splay: Splay = 0
    """Seconds; a random wait up to this before the test, so that a fleet does not knock all at once."""
    pending: tuple[Literal["sign-in", "offline", "user"], ...] = ("sign-in",)
    """When an apply may go live with the proof still owed."""


@frozen
class Target(Section):
    """One consumer's file."""

    kind: TargetKind
    """dts: the machine config. msmtp: its configuration."""
    path: AbsolutePath | None = None
    """Where the file goes; null: the kind's usual place."""


@frozen
class ProfileFile(Section):
    """One profile file as written, before its parents are merged in."""

    dtsconf: Format
    """Version of the format."""
    name: Filled
    """Name of the profile, as shown in history and mails."""
    requires: Requirement | None = None
    """Versions of dtsconf that can read this profile, such as ">=1.2"."""
    extends: LocalPath | None = None
    """The profile that this one builds on, relative to this file."""
    settings: Settings = field(default_factory=Settings)
    """The settings tree, any part of it."""
    expects: tuple[Expectable, ...] = ()
    """Required settings that the environment supplies at apply, or each user later."""
    policy: PolicySection = field(default_factory=PolicySection)
    """What no higher layer and no extending file may change or loosen."""
    secrets: SecretsOptions = field(default_factory=SecretsOptions)
    """How secrets reach the machine."""
    verify: Verify = field(default_factory=Verify)
    """The test send that an apply must pass."""
    targets: Annotated[tuple[TargetKind | Target, ...], AtLeast(1)] = ("dts",)
    """The files that an apply writes: dts, msmtp, each a word or a mapping of kind and path."""
    record: RecordPath | None = None
    """A file to which apply, test and status append one JSON line each."""
