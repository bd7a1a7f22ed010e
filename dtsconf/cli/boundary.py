"""The boundary: the only place where results and errors become output and an exit code.

stdout carries data, stderr all else; with --json one object on stdout, failures included. What the system refuses
(OSError) is told in a line; a bug becomes one line and a private traceback file; exception texts are left out of that
file, since they may hold a secret.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from dtsconf.cli.common import Outcome, Run
from dtsconf.errors import DtsconfError, Interrupted, Invalid, Notice, Place, Problem, UsageProblem
from dtsconf.names import escape_controls, to_unset

if TYPE_CHECKING:
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.values import Organisation

ACTED_ON = frozenset({"validate", "plan", "apply", "rollback", "show", "explain", "migrate microsoft"})
"""Commands that tell standing warnings even when all goes well: whoever types one looks at the settings. So does
whoever names a profile, whatever the command."""


NOT_TWICE = frozenset({"send"})
"""Commands whose exit code says whether a mail went, also where what they print is lost: a script that is told of a
failure sends it again."""


ONCE = 1.0
"""Seconds within which to be asked again for an end is to be asked once."""


def guarded(call: Callable[[Run], Any], args: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `call` and return the exit code; whatever is raised is told, once, here."""
    run = Run(json=_wants_json(args, environ))
    _stop_politely()
    _encode_anything(json=run.json)
    try:
        code = _guarded(call, run)
        _let_go()
    except KeyboardInterrupt:  # once more, while the first one was being told
        code = Interrupted.exit_code
    return code


def _guarded(call: Callable[[Run], Any], run: Run) -> int:
    try:
        code = call(run)
        return code if isinstance(code, int) else 0
    except click.UsageError as wrong:
        return _misused(run, wrong)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _failed(run, Interrupted("interrupted"))  # what became of the machine only the engine knows
    except DtsconfError as error:
        return _failed(run, error)
    except OSError as error:
        return _failed(run, _refused(error))
    except Exception as bug:  # noqa: BLE001 - the boundary: a bug must not reach the user as a traceback
        if isinstance(bug.__cause__, KeyboardInterrupt):  # Python itself wraps it where a class is being made
            return _failed(run, Interrupted("interrupted"))
        return _crashed(run, bug)


def before(run: Run) -> None:
    """What every command does first: see that no variable was misspelt, and finish what a killed apply left half done,
    if this user may."""
    from dtsconf.cli.variables import misspelt
    from dtsconf.wiring import interrupted

    run.told += misspelt(os.environ)
    notice = interrupted.finish(run.root)
    if notice is not None:
        run.told.append(notice)


def finish(run: Run, outcome: Outcome) -> int:
    """Print a command's outcome and return its exit code."""
    from dtsconf.render import common

    _complete(run, outcome)
    lost = 0 if run.command in NOT_TWICE else DtsconfError.exit_code
    if not (run.json or run.verbose or outcome.code or run.profile or run.command in ACTED_ON):
        outcome.warnings = [each for each in outcome.warnings if not each.standing]
    if run.json:
        return _say(common.envelope(run.command, outcome, run.told), "", outcome.code, lost=lost)
    text = outcome.short if run.quiet and outcome.short is not None else outcome.text
    return _say(text, common.aside(outcome, run.told, quiet=run.quiet), outcome.code, lost=lost)


def _complete(run: Run, outcome: Outcome) -> None:
    """Let the hints of warnings name whole commands."""
    if not (run.told or outcome.warnings):
        return
    from dtsconf.render.call import hinted

    run.told = [hinted(each, run.call()) for each in run.told]
    outcome.warnings = [hinted(each, run.call()) for each in outcome.warnings]


def _failed(run: Run, error: DtsconfError) -> int:
    from dtsconf.render import failure

    run.told += [*_by_variables(run, error), *_by_hand(run, error)]
    effective = failure.settings_of(error)
    recorded = _recorded(run, effective) if effective is not None else None
    call = run.call(sets=effective is not None or getattr(error.known, "verification", None) is not None)
    if run.json:
        return _say(failure.envelope(run.command, error, run.told, call, recorded), "", error.code)
    told = failure.text(error, run.told, call, recorded, seen=run.seen, color=run.color(sys.stderr))
    return _say("", told, error.code)


def _recorded(run: Run, effective: Effective) -> Organisation | None:
    """The machine config as the last apply wrote it, for settings that go by it."""
    from dtsconf import wiring

    return wiring.as_applied(run.inputs(), effective.org)


def _by_variables(run: Run, error: DtsconfError) -> list[Notice]:
    """The variables that led to a profile that isn't there, or to a root where nothing is: nobody sees them."""
    told = []
    if "profile" in run.variables and any(_is_gone(problem, run.profile) for problem in error.problems):
        told.append(("profile", "--profile FILE"))
    if "root" in run.variables and run.profile is None and any(each.kind == "missing" for each in error.problems):
        told.append(("root", "--root DIR"))
    return [_by_variable(run.variables[name], option) for name, option in told]


def _by_hand(run: Run, error: DtsconfError) -> list[Notice]:
    """That somebody changed the machine config, where its settings can't be used."""
    if run.profile is not None or not isinstance(error, Invalid):
        return []
    from dtsconf import wiring
    from dtsconf.render import astray

    try:
        now, recorded = wiring.machine_config(run.root), wiring.recorded_config(run.inputs())
    except (DtsconfError, OSError):
        return []
    found = astray.by_hand(now, recorded) if now else None
    return [found] if found else []


def _is_gone(problem: Problem, path: str | None) -> bool:
    return problem.kind == "not-found" and isinstance(problem.where, Place) and problem.where.file == path


def _by_variable(variable: str, option: str) -> Notice:
    value = escape_controls(os.environ.get(variable, ""))
    hint = f"to go without it: {to_unset(variable)}; for this call: {option}"
    return Notice("variable", f"{variable} says {value}", hint)


def _misused(run: Run, wrong: click.UsageError) -> int:
    """A call without any word shows the help; any other misuse says what is wrong in one line."""
    if isinstance(wrong, click.exceptions.NoArgsIsHelpError) and not run.json:
        return _say("", wrong.format_message(), UsageProblem.exit_code)
    path = wrong.ctx.command_path if wrong.ctx else "dtsconf"
    bare = isinstance(wrong, click.exceptions.NoArgsIsHelpError)
    words = "there is no command" if bare else _variable(wrong) + " ".join(wrong.format_message().split())
    return _failed(run, UsageProblem(words, f"see {path} --help"))


def _variable(wrong: click.UsageError) -> str:
    """The environment variable that a bad value came from, with a colon; empty when it was typed."""
    from click.core import ParameterSource

    param = wrong.param if isinstance(wrong, click.BadParameter) else None
    if param is None or wrong.ctx is None or not param.name or not param.envvar:
        return ""
    given = wrong.ctx.get_parameter_source(param.name)
    return f"{param.envvar}: " if given is ParameterSource.ENVIRONMENT else ""


def _refused(error: OSError) -> DtsconfError:
    """The operating system's no, where nobody further down had more to say about it."""
    if isinstance(error, FileNotFoundError) and error.filename is None:
        if error.strerror != os.strerror(error.errno or 0):  # tempfile has tried each folder and says so
            return DtsconfError(
                escape_controls(str(error.strerror)), "make room in one, or name another folder in TMPDIR"
            )
        return DtsconfError("the current folder is not there any more", "cd to one that is")  # os.getcwd() says no more
    place = f"{error.filename}: " if isinstance(error.filename, str) else ""
    return DtsconfError(f"{place}{error.strerror or type(error).__name__}", "mend that, then type the same again")


def _crashed(run: Run, bug: Exception) -> int:
    from dtsconf.cli.crash import crash_file

    return _failed(run, Crash(type(bug).__name__, crash_file(bug, run.root)))


class Crash(DtsconfError):
    """A fault of dtsconf's own. `path` is the private traceback file, or None when none could be written."""

    exit_code = 70
    kind = "crash"

    def __init__(self, bug: str, path: str | None) -> None:
        where = f"; the traceback is in {path}" if path else ""
        hint = "please report it with that file" if path else "please report it with the command that you typed"
        super().__init__(f"a fault of dtsconf's own ({bug}){where}", hint)


def _say(data: str, aside: str, code: int, *, lost: int = DtsconfError.exit_code) -> int:
    """Print both and return `code`. A reader that went away doesn't change it; data that can't be kept makes `lost` of
    a 0, and goes to stderr: what it tells of was done all the same. Whoever interrupts it gets no second answer."""
    try:
        _write(sys.stdout, data)
    except BrokenPipeError:
        _let_go()
    except KeyboardInterrupt:
        _complain("error: interrupted\n")
        return Interrupted.exit_code
    except OSError as error:
        _let_go()
        kind = "error" if code or lost else "warning"
        _complain(f"{data.rstrip()}\n{aside}{kind}: this can't be written to stdout: {error.strerror}\n")
        return code or lost
    _complain(aside)
    return code


def _write(stream: Any, text: str) -> None:
    if text and stream is not None:
        stream.write(text if text.endswith("\n") else text + "\n")
        stream.flush()


def _complain(text: str) -> None:
    from contextlib import suppress

    with suppress(OSError):
        _write(sys.stderr, text)


def _let_go() -> None:
    """Turn a stream that takes nothing any more to the null device: Python would complain while flushing at exit."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, number)
            os.close(null)


def _encode_anything(*, json: bool) -> None:
    """Let no text fail on the streams' encoding: what it lacks is escaped. JSON is UTF-8 whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _wants_json(args: Sequence[str], environ: Mapping[str, str]) -> bool:
    words = list(args)
    words = words[: words.index("--")] if "--" in words else words
    if "--json" in words or not (given := environ.get("DTSCONF_JSON")):
        return "--json" in words
    from dtsconf.wiring.given import is_true

    return is_true(given)


def _stop_politely() -> None:
    """A polite end (Ctrl-C, systemd, kill, a closed terminal) undoes what was begun and tells of it, unless whoever
    started us had it ignored (nohup). timeout(1) asks twice, to the process and to its group: that counts once."""
    import signal
    import threading

    from dtsconf.files.signals import POLITE

    heard = -ONCE

    def stop(_number: int, _frame: object) -> None:
        nonlocal heard
        now = time.monotonic()
        if now - heard >= ONCE:
            heard = now
            raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        for number in POLITE:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, stop)
