"""The flows that need a person: browser, device code, broker. Each asks them once and gives msal's answer.

Sources: RFC 8252 (native apps), RFC 7636 (PKCE, which msal makes), RFC 8628 (device code).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dtsconf.auth import clouds, surroundings
from dtsconf.auth.client import Answer, Public, asked, nonsense
from dtsconf.auth.loopback import Receiver
from dtsconf.auth.provider import Unavailable, Unheard
from dtsconf.auth.request import Person, UserCode, Wanted
from dtsconf.errors import SignInFailed
from dtsconf.names import escape_controls

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 300
"""Seconds that a person has for the browser."""
PENDING = ("authorization_pending", "slow_down")
"""What a provider says while the code has not been entered yet (RFC 8628 3.5)."""
BACKING_OFF = 5
"""Seconds that are added between two questions when the provider wants to be asked less (RFC 8628 3.5)."""
LONGEST_CODE = 900
"""Seconds that a device code is waited for, at most, whatever the provider allows (Microsoft allows these 15 min)."""


def browser(client: Public, wanted: Wanted, person: Person, environ: Mapping[str, str]) -> Answer:
    """Sign in with the browser on this machine.

    Raises:
        SignInFailed: nobody came back in time.
    """
    with Receiver() as receiver:
        flow = asked(
            lambda: client.app.initiate_auth_code_flow(
                wanted.scopes,
                redirect_uri=receiver.address,
                login_hint=wanted.sender,
                prompt="select_account" if wanted.sender is None else None,
                response_mode="form_post",
            )
        )
        receiver.expect(flow["state"])
        if surroundings.open_browser(flow["auth_uri"], environ):
            person.tell("your browser opens; sign in there")
        else:
            person.visit(flow["auth_uri"])
            person.tell(_elsewhere(wanted))
        if clouds.is_microsoft(wanted.authority):
            person.tell(_ON_THE_PAGE)
        found = _waited(receiver, wanted, person)
    if found is None:
        raise _nobody_came(wanted)
    answer: Answer = asked(lambda: client.app.acquire_token_by_auth_code_flow(flow, found))
    return answer


_ON_THE_PAGE = (
    "if the page shows an error (AADSTS...), nothing comes back: Ctrl-C ends this, and says what AADSTS50011 takes"
)


def _waited(receiver: Receiver, wanted: Wanted, person: Person) -> dict[str, str] | None:
    """What comes back from the browser. Whoever gives up may have read an error there, and is told what mends it."""
    try:
        return receiver.wait(LIMIT, person.waiting)
    except KeyboardInterrupt:
        if clouds.is_microsoft(wanted.authority):
            person.tell(_shown_there(wanted))
        raise


def _shown_there(wanted: Wanted) -> str:
    """What to do about the error that the page shows in place of coming back."""
    from dtsconf.auth import explain

    no_redirect = explain.failed({"error": "invalid_request", "error_codes": [50011]}, wanted)
    return f"where the page showed AADSTS50011, {no_redirect.hint}"


def _elsewhere(wanted: Wanted) -> str:
    """What somebody can do who has no browser on this machine."""
    if not wanted.by_code:
        return "if this machine has no browser: Ctrl-C, and ask who wrote the profile for microsoft.flow: device-code"
    return "if this machine has no browser: Ctrl-C, then the same with --set microsoft.flow=device-code"


def _nobody_came(wanted: Wanted) -> SignInFailed:
    """The browser never came back: nobody signed in, or the page told an error, which only the person has seen."""
    hint = "dtsconf sign-in; where the browser is on another machine: --set microsoft.flow=device-code"
    if clouds.is_microsoft(wanted.authority):
        hint += f"; {_shown_there(wanted)}"
    return SignInFailed(f"nobody signed in within {LIMIT // 60} minutes", hint)


def device_code(client: Public, wanted: Wanted, person: Person) -> Answer:
    """Sign in with a browser on any device, by a code that is entered there.

    Raises:
        SignInFailed: the provider offers no such flow, or the code was not entered in time.
    """
    if client.app.authority.device_authorization_endpoint is None:
        message = f"{escape_controls(wanted.issuer)} offers no sign-in by device code"
        there = "browser" in wanted.ways
        hint = (
            "sign in with --set microsoft.flow=browser" if there else "sign in where a browser is, or let it offer that"
        )
        raise SignInFailed(message, hint)
    flow = asked(lambda: client.app.initiate_device_flow(wanted.scopes))
    code = _user_code(flow, wanted)
    person.enter(code)
    ends, away = time.monotonic() + code.seconds, False
    while True:
        try:
            answer: Answer = asked(lambda: client.app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True))
            if answer.get("error") not in PENDING or time.monotonic() >= ends:
                return answer
            away = False
        except (Unavailable, Unheard) as failed:  # away for a moment: asked again, but less often (RFC 8628 3.5)
            if time.monotonic() >= ends or not getattr(failed, "may_pass", True):
                raise
            if not away:
                person.tell(f"{failed.message}; asking on until the code ends")
            away = True
            flow["interval"] += BACKING_OFF
        _pause(min(time.monotonic() + flow["interval"], ends), ends, person)


def _pause(until: float, ends: float, person: Person) -> None:
    """Wait, telling the person every second how long it is till `ends`; both in time.monotonic() seconds."""
    while (now := time.monotonic()) < until:
        person.waiting(ends - now)
        time.sleep(min(1.0, until - now))


def broker(client: Public, wanted: Wanted, person: Person) -> Answer:
    """Sign in with the system's own account manager (Windows WAM, the Company Portal on macOS)."""
    person.tell("the system's sign-in window opens")

    def ask() -> Answer:
        try:
            found: Answer = client.app.acquire_token_interactive(
                wanted.scopes, login_hint=wanted.sender, parent_window_handle=client.app.CONSOLE_WINDOW_HANDLE
            )
        except ValueError as error:
            if type(error).__name__ != "RedirectUriError":  # msal.broker's own, which can't be imported here
                raise
            return {"error": "invalid_request", "error_codes": [50011]}
        return found

    return asked(ask)


def _user_code(flow: dict[str, Any], wanted: Wanted) -> UserCode:
    """What the person needs, out of the provider's answer, whose numbers are kept within bounds.

    Raises:
        SignInFailed: the answer is an error, or not what it should be.
    """
    if "error" in flow or "user_code" not in flow:
        from dtsconf.auth import explain

        raise explain.failed(flow, wanted)
    code, address = flow["user_code"], flow.get("verification_uri") or flow.get("verification_url")
    complete = flow.get("verification_uri_complete")
    good = isinstance(code, str) and 0 < len(code) <= 64 and isinstance(flow.get("device_code"), str)
    if not good or not _is_page(address):
        raise nonsense(wanted)
    flow["interval"] = min(max(flow["interval"], 1), 60)
    seconds = min(max(flow["expires_in"], 1), LONGEST_CODE)
    return UserCode(
        escape_controls(code), escape_controls(str(address)), str(complete) if _is_page(complete) else None, seconds
    )


def _is_page(address: Any) -> bool:
    return isinstance(address, str) and address.startswith("https://") and address.isprintable() and len(address) < 500
