"""`dtsconf send`: a mail of the user's, from a macro or a script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dtsconf.cli.command import command as make
from dtsconf.cli.common import Outcome, Run
from dtsconf.errors import Notice, UsageProblem

if TYPE_CHECKING:
    from dtsconf.sending.request import Request

_AS_HTML = ""
"""`--html` alone: the body is HTML."""


def _addresses(name: str, help_text: str) -> Any:
    return click.option(f"--{name}", metavar="ADDRESS", multiple=True, help=help_text)


@make(
    "send",
    _addresses("to", "Who gets it: ann@x.example or 'Ann <ann@x.example>'; repeatable, several parted by commas."),
    _addresses("cc", "Who gets a copy that everybody sees."),
    _addresses("bcc", "Who gets a copy that nobody else sees."),
    _addresses("reply-to", "Where answers go instead of to the sender."),
    click.option("--subject", metavar="TEXT", default="", help="The subject."),
    click.option("--body", metavar="TEXT", help="The text; - is stdin."),
    click.option("--body-file", metavar="FILE", help="The text, from a file; - is stdin."),
    click.option(
        "--html",
        metavar="HTML|FILE",
        is_flag=False,
        flag_value=_AS_HTML,
        help="HTML (it holds a <), or a file with it; - is stdin. Alone: the text of --body or --body-file is HTML.",
    ),
    click.option("--attach", metavar="FILE", multiple=True, help="Attach a file, or all that 'logs/*.log' means."),
    click.option("--zip", "zipped", is_flag=True, help="All attachments in one zip."),
    click.option("--queue", is_flag=True, help="Keep it durably now; `dtsconf queue run` sends it."),
)
def command(run: Run, **words: Any) -> Outcome:
    """Send a mail with this machine's settings, as you would use them.

    Prints the Message-ID when the server took the mail for somebody. Whom the server refused is told on stderr, exit 1;
    the others get it. Nothing is sent twice: when the connection goes away after the last byte, that is told, exit 6.
    With --queue it contacts nobody, not even to sign in, and is done once the mail is on the disk, attachments and all.
    The mail is then sent with the settings of `dtsconf queue run`: give that the --profile and --set of this call, too.
    """
    from dtsconf.cli.person import asking
    from dtsconf.cli.progress import Progress, bar
    from dtsconf.render import send as render
    from dtsconf.sending.deliver import deliver, exit_code
    from dtsconf.sending.request import Request
    from dtsconf.sending.sizes import in_units

    text, html = _bodies(words.pop("body"), words.pop("body_file"), words.pop("html"))
    queue = words.pop("queue")
    request = Request(text=text, html=html, **words)
    if request.zipped and not request.attach:
        run.told.append(Notice("zip", "--zip packs nothing: no --attach names a file", "name them, or leave --zip out"))
    if queue:
        return _queued(run, request)
    with Progress(quiet=run.quiet or run.json) as progress, asking(progress) as person:
        done = deliver(
            run.inputs(), request, person=person, progress=progress, passed=lambda at, of: progress(bar(at, of))
        )
    sent, failure = done.sent, ""
    if not sent.ok:
        from dtsconf import wiring
        from dtsconf.render import advice

        recorded = wiring.as_applied(run.inputs(), done.effective.org)
        sent = advice.mended_sent(sent, run.call(sets=True), done.effective, recorded)
        failure = render.failure(sent) + advice.origins(done.effective, advice.ABOVE)
    return Outcome(
        render.data(sent, done.size),
        render.text(sent),
        exit_code(sent),
        done.warnings,
        done.effective.set_aside,
        render.note(sent, in_units(done.size)),
        failure,
    )


def _queued(run: Run, request: Request) -> Outcome:
    from dtsconf.render import send as render
    from dtsconf.sending.keep import enqueue

    kept = enqueue(run.inputs(), request)
    entry, warnings = kept.entry, kept.warnings
    return Outcome(
        render.queued_data(entry, kept.needs),
        render.queued_text(entry),
        0,
        warnings,
        kept.effective.set_aside,
        render.queued_note(entry, kept.needs, run.call(sets=True)),
    )


def _bodies(body: str | None, body_file: str | None, html: str | None) -> tuple[str | None, str | None]:
    """The text and the HTML that the three options mean."""
    from dtsconf.mail.compose.texts import STDIN, read

    if body == STDIN and body_file is None:
        body, body_file = None, STDIN
    if body is not None and body_file is not None:
        raise UsageProblem("--body and --body-file are two texts, and a mail has one", "leave one of them out")
    if body_file == html == STDIN:
        raise UsageProblem("--body-file and --html both want stdin", "give one of them a file")
    text = read(body_file, "--body-file") if body_file is not None else body
    if html is None:
        return text, None
    if html == _AS_HTML:
        if text is None:
            raise UsageProblem("--html without any HTML", "add --body or --body-file, or write --html FILE")
        return None, text
    return text, html if "<" in html else read(html, "--html")
