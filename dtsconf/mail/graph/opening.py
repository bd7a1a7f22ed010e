"""The way to Graph: which address it has, and the stages resolve, connect and tls."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dtsconf.mail.failure import StageFailed
from dtsconf.mail.graph import replies, troubles
from dtsconf.names import host_fault
from dtsconf.proof import Stage
from dtsconf.web.trouble import NoAnswer

if TYPE_CHECKING:
    from dtsconf.mail.graph.talk import Talk
    from dtsconf.web.trouble import Step, Trouble

_BY_SMTP = "check microsoft.authority and microsoft.tenant; mail can also go by SMTP: microsoft.via: smtp"


def reach(talk: Talk) -> None:
    """The stages resolve, connect and tls.

    Raises:
        StageFailed: at any of them; the report has the row.
    """
    session = talk.session()
    if talk.route.base is None:
        _discover(talk)
    talk.tell(f"connecting to {talk.host}")
    try:
        steps = session.open(talk.base)
    except NoAnswer as error:
        talk.trouble = trouble = error.trouble
    else:
        _add(talk, steps)
        return
    _add(talk, trouble.steps)
    raise _failed(talk, trouble)


def _discover(talk: Talk) -> None:
    """Learn the service's address from the provider: `msgraph_host` in its OpenID discovery document, as Microsoft's
    has it. Raises StageFailed, in stage resolve."""
    provider = urlsplit(talk.route.discovery).netloc
    try:
        response = talk.plain("GET", talk.route.discovery, wait=talk.timeout)
    except NoAnswer as error:
        failed = troubles.failed(error.trouble, provider)
        failed.detail = f"{provider}: {failed.detail}"
    else:
        host = replies.member(response.text, "msgraph_host") or ""
        name, _, port = host.partition(":")
        if response.status_code == 200 and host_fault(name) is None and (port or "443").isdigit():
            talk.base = f"https://{host}"
            return
        failed = StageFailed("protocol", f"{provider} names no Microsoft Graph (msgraph_host)", _BY_SMTP)
    with talk.stage("resolve", f"asking {provider} for Microsoft Graph"):
        raise failed


def _add(talk: Talk, steps: tuple[Step, ...]) -> None:
    for step in steps:
        talk.report.add(Stage(step.place, True, step.ms, step.detail, said_by=step.said_by))


def _failed(talk: Talk, trouble: Trouble) -> StageFailed:
    failed = troubles.failed(trouble, talk.host)
    row = Stage(trouble.place, False, trouble.ms, failed.detail, None, None, failed.cause, failed.hint, failed.said_by)
    talk.report.add(row)
    return failed
