"""Conditions between settings: what can't work (exit 3) and what is still missing. Pure.

Works on effective values with their origins, so that each finding names the place to mend. Whether one value alone is
good is the affair of `types`; what the organisation allows, of `rules` and `secrecy`; what is merely odd, of `unusual`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dtsconf.errors import Invalid, Problem
from dtsconf.settings import instead
from dtsconf.settings.effective import Effective, Setting, Sighted, source, unset
from dtsconf.settings.keys import KEYS
from dtsconf.settings.microsoft import no_authority
from dtsconf.settings.values import ORGANISATION, Layer, Organisation

Values = Mapping[str, Setting]

CLEARTEXT = "server.allow_cleartext_login"
APPLICATION_SECRETS = ("microsoft.client_secret", "microsoft.certificate", "microsoft.client_assertion")


def impossible(values: Values, org: Organisation, *, complete: bool = True) -> list[Problem]:
    """What can't work (code 3). With `complete` False, what a child profile can still mend is left out."""
    found = _expected_but_locked(values, org)
    if values["mode"].value == "smtp":
        found += _cleartext_login(values, org, complete=complete)
        found += _empty_username(values) if complete else []
        return found
    found += no_authority(values)
    if values["microsoft.flow"].value == "application":
        found += _too_many_application_secrets(values)
    return found


def cleartext_elsewhere(layers: Iterable[Layer]) -> list[Problem]:
    """`allow_cleartext_login` from any layer but the organisation's, whatever it says there (code 4)."""
    return [
        Problem(
            "cleartext-not-yours",
            f"{CLEARTEXT} is given by {source(layer.name, value.where)}; only the organisation's profile may set it",
            "take it out; what lets a password go in clear is decided in the profile",
            value.where,
            CLEARTEXT,
            code=4,
        )
        for layer in layers
        if layer.name not in ("default", *ORGANISATION) and (value := layer.values.get(CLEARTEXT)) is not None
    ]


def _expected_but_locked(values: Values, org: Organisation) -> list[Problem]:
    problems = []
    for key in values:
        lock = org.policy.lock_on(key) if org.expects and org.expected(key) else None
        if lock is not None and unset(key, values, org):
            problems.append(
                Problem(
                    "expected-but-locked",
                    f"{key} is listed under expects, but locked at {lock.where} without a value: nobody could give it",
                    f"give {key} in the profile, or narrow the lock on {lock.key}",
                    lock.where,
                    key,
                )
            )
    return problems


def _cleartext_login(values: Values, org: Organisation, *, complete: bool) -> list[Problem]:
    encryption = values["server.encryption"]
    asks = values["login.required"].value and encryption.value == "none" and not values[CLEARTEXT].value
    if not asks or (not complete and unset("server.encryption", values, org)):
        return []
    return [
        Problem(
            "cleartext-login",
            f"login.required is true ({source(values['login.required'].layer, values['login.required'].where)}) and "
            f"server.encryption is none ({source(encryption.layer, encryption.where)}): the password would go in clear",
            "set server.encryption to starttls or tls; if the server really offers neither, the profile may say "
            f"{CLEARTEXT}: true",
            encryption.where or values["login.required"].where,
            "server.encryption",
        )
    ]


def _empty_username(values: Values) -> list[Problem]:
    username = values["login.username"]
    if not values["login.required"].value or username.value is None or username.value.strip():
        return []
    required = values["login.required"]
    told = f"login.username is empty, and login.required is true ({source(required.layer, required.where)})"
    hint = "give the account's name, or set login.required to false"
    return [Problem("empty", told, hint, username.where, "login.username")]


def _too_many_application_secrets(values: Values) -> list[Problem]:
    given = [key for key in APPLICATION_SECRETS if values[key].value is not None]
    if len(given) < 2:
        return []
    return [
        Problem(
            "application-secrets",
            f"flow application takes one secret, and these are set: {', '.join(given)}",
            f"leave one of them; `--set {given[-1]}=null` resets one for a try",
            values[given[-1]].where,
            given[-1],
        )
    ]


def idle_secret(values: Values) -> str | None:
    """The key of the application's secret that is given, though the flow is a person's; None where that isn't so."""
    if values["microsoft.flow"].value == "application":
        return None
    return next((key for key in APPLICATION_SECRETS if values[key].value is not None), None)


def missing(values: Values) -> list[str]:
    """The required settings that are null in the mode in use, by dotted key."""
    if values["mode"].value == "smtp":
        wanted = ["server.host", "sender.email"]
        wanted += ["login.username", "login.password"] if values["login.required"].value else []
        return [key for key in wanted if values[key].value is None]
    return [key for key in _wanted_by_microsoft(values) if values[key].value is None]


def _wanted_by_microsoft(values: Values) -> list[str]:
    """The application flow has no signed-in account, so it needs an address to send from and a secret of its own."""
    if values["microsoft.flow"].value != "application":
        return ["microsoft.client_id"]
    has_secret = any(values[key].value is not None for key in APPLICATION_SECRETS)
    return ["microsoft.client_id", "sender.email", *([] if has_secret else APPLICATION_SECRETS[:1])]


def missing_problem(key: str, values: Values, org: Organisation, *, alone: bool = False) -> Problem:
    """A required value that nobody gives, with the places where it can be given (code 3). `alone`: the organisation's
    word is looked at by itself, so it must give the value, or promise that others do."""
    setting = values[key]
    locked = org.policy.lock_on(key)
    place = f" at {org.locked_at(locked.where)}" if locked and locked.where else ""
    lock = f" (locked{place}, so only the profile can give it)" if locked else ""
    above = ", or list it under expects" if alone else f", {KEYS[key].variable} in the environment, or --set {key}=..."
    elsewhere = "" if locked else above
    why = {
        "login.username": "login.required is true",
        "login.password": "login.required is true",
        "sender.email": "the mail needs a sender",
        "server.host": "there is no mail server to send to",
        "microsoft.client_secret": "an application proves itself by it, or better by microsoft.certificate or "
        "microsoft.client_assertion",
    }.get(key, "this mode needs it" if key in KEYS else "the profile expects it")
    nobody = f"name a profile: --profile FILE ({org.absent})" if org.absent else ""
    if nobody and any(one.layer == "environment" for one in values.values()):
        nobody = f"set {KEYS[key].variable} too, or {nobody}"
    astray = _asked_by(key, values, org)
    first = "".join(f"{instead.told(one, values, org)}; else " for one in astray)
    if key in values and org.gave(key) and instead.stands(key, setting, org):
        hint = f"{first}{instead.told(key, values, org)}"
    else:
        hint = nobody or f"{first}give {key} in the profile's settings{elsewhere}"
    where = values[astray[0]].where if astray else setting.where
    return Problem("missing", f"{key} is not set: {why}{lock}", hint, where, key)


def _asked_by(key: str, values: Values, org: Organisation) -> list[str]:
    """The settings that ask for this one, and stand in the place of the organisation's: it may not have been meant."""
    group = key.partition(".")[0]
    asking = ("mode", "login.required") if group == "login" else ("mode",)
    if values["mode"].value == "microsoft":
        asking = ("mode", "microsoft.flow")
    return [one for one in asking if instead.stands(one, values[one], org)]


def require_complete(effective: Effective, *, user: bool = True) -> None:
    """For whoever is about to use the settings: see `owed`.

    Raises:
        Invalid: code 3, one problem for each missing key. Its `known` is a `Sighted`: a variable that was misspelt may
            be what is missing.
    """
    if problems := owed(effective, user=user):
        raise Invalid(problems, Sighted(effective.set_aside, effective.warnings))


def owed(effective: Effective, *, user: bool = True) -> tuple[Problem, ...]:
    """What the profile expects and nobody has given, naming key and variable; the sender's address is left out where
    whoever signs in brings it along. `user` False: the user's own file doesn't count (apply)."""
    microsoft = effective.settings.microsoft
    signs_in = effective.settings.mode == "microsoft" and microsoft.flow != "application"
    keys = [key for key in effective.missing if not (signs_in and key == "sender.email")]
    return tuple(_owed(key, effective, user=user) for key in keys)


def _owed(key: str, effective: Effective, *, user: bool) -> Problem:
    own = f"write {key} into your own settings file" if user else "let each user give it later (verify.pending: [user])"
    return Problem(
        "missing",
        f"{key} is not set: the profile expects it from the environment or the user",
        f"set {KEYS[key].variable}, {own}, or use --set {key}=...",
        effective.origin[key].where,
        key,
    )
