"""The settings once it is known who signed in: `sender.email: null` is then the account's own address. Pure."""

from __future__ import annotations

from dataclasses import replace

from dtsconf.errors import Invalid, Problem
from dtsconf.settings import rules
from dtsconf.settings.effective import Effective, quoted
from dtsconf.settings.policy import Rule

KEY = "sender.email"


def with_account(effective: Effective, address: str) -> Effective:
    """The settings with the account's address as sender, where none is set; its rules hold for it too.

    Raises:
        Invalid: code 4, a rule on sender.email forbids this account.
    """
    if effective.settings.sender.email is not None:
        return effective
    broken = [
        _problem(rule, address)
        for rule in effective.org.policy.rules
        if rule.key == KEY and not rules.holds(rule, address)
    ]
    if broken:
        raise Invalid(effective.org.with_excerpts(broken))
    sender = replace(effective.settings.sender, email=address)
    own = replace(effective.origin[KEY], value=address, settled="the signed-in account's own, since none is set")
    origin = {**effective.origin, KEY: own}
    return replace(effective, settings=replace(effective.settings, sender=sender), origin=origin)


def require_person(effective: Effective) -> None:
    """Let settings pass that a person signs in with.

    Raises:
        Invalid: code 3, the mode is smtp, or the flow is application: then there is nothing to sign in to.
    """
    if effective.settings.mode == "smtp":
        key, message = "mode", "there is nothing to sign in to: mode is smtp"
        hint = "dtsconf test tries these settings; Microsoft sign-in is mode: microsoft"
    elif effective.settings.microsoft.flow == "application":
        key, message = (
            "microsoft.flow",
            "nobody has to sign in: microsoft.flow is application, which signs in by itself",
        )
        hint = "dtsconf test tries it"
    else:
        return
    where = effective.origin[key].where
    raise Invalid(effective.org.with_excerpts((Problem("nothing-to-sign-in", message, hint, where, key),)))


def _problem(rule: Rule, address: str) -> Problem:
    at = f" (rule at {rule.where})" if rule.where else ""
    because = f": {rule.because}" if rule.because else ""
    return Problem(
        "rule-broken",
        f"the account that signed in is {quoted(KEY, address)}, and its address would be {KEY}; "
        f"it must {rules.words(rule)}{at}{because}",
        "sign in with an account that fits: dtsconf sign-in",
        rule.where,
        KEY,
        code=4,
    )
