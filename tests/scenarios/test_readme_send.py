"""The README's page on sending, typed word for word where it can be: shell, macro, Python, cron. A batch file's and
PowerShell's line is not run by them here: its words are taken apart as they do, and given to the program.
"""

from __future__ import annotations

import shlex

import pytest

from tests.scenarios.harness import BIN, Machine, call
from tests.scenarios.newcomer import Block, blocks
from tests.scenarios.smtpd import Mail, Smtpd
from tests.scenarios.test_apply import Servers, proven
from tests.scenarios.test_send import text_of

PATH = f"{BIN}:/usr/bin:/bin"
LOGS = {"a.log": b"one\n", "b.log": b"two\n"}


@pytest.fixture
def server(machine: Machine, smtpd: Servers) -> Smtpd:
    """The machine's mail server; what the lines send lies in the user's folder."""
    made = smtpd()
    machine.apply(machine.profile(**proven(made, verify={"level": "none"}))).ok()
    machine.write("result.txt", "größe: all well\n")
    for name, data in LOGS.items():
        machine.write(f"logs/{name}", data)
    return made


def the(language: str) -> Block:
    (found,) = [one for one in blocks("Send from macros and scripts") if one.language == language]
    return found


def sent(server: Smtpd, subject: str) -> Mail:
    """The one mail that arrived, with the logs in a zip."""
    (mail,) = server.messages
    assert mail.message["Subject"] == subject
    assert [part.get_content_type() for part in mail.message.iter_attachments()] == ["application/zip"]
    return mail


def test_each_block_is_tried() -> None:
    assert [one.language for one in blocks("Send from macros and scripts")] == [
        "sh", "text", "bat", "powershell", "python", "crontab",
    ]  # fmt: skip


def test_the_shells_line(machine: Machine, server: Smtpd) -> None:
    done = call(["sh", "-c", the("sh").text], cwd=machine.work, env=machine.environ({"PATH": PATH}))
    assert done.returncode == 0, done.stderr
    mail = sent(server, "Run 12")
    assert done.stdout == f"{mail.message['Message-ID']}\n"
    assert mail.recipients == ["ann@acme.example", "lab@acme.example"]
    assert text_of(mail.message) == "größe: all well\n"


def test_a_macros_line_without_a_shell_and_an_environment(machine: Machine, server: Smtpd) -> None:
    words = shlex.split(the("text").text)
    environ = {"DTSCONF_ROOT": str(machine.root)}
    done = call([str(BIN / words[0]), *words[1:]], cwd=machine.work, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert sent(server, "Logs of run 12").recipients == ["review@datamine.example"]


@pytest.mark.parametrize(("language", "before", "variable"), [("bat", "", "%1"), ("powershell", "$id = ", "$run")])
def test_the_lines_for_windows_as_words(
    machine: Machine, server: Smtpd, language: str, before: str, variable: str
) -> None:
    (line,) = [one for one in the(language).text.splitlines() if one.startswith(f"{before}dtsconf send")]
    assert "\\*.log" in line
    words = shlex.split(line.removeprefix(before).replace(variable, "12").replace("\\", "/"))
    machine.run(*words[1:]).ok()
    assert sent(server, "Run 12").recipients == ["ann@acme.example"]


def test_python(machine: Machine, server: Smtpd) -> None:
    environ = {
        "DTS_EMAIL_SERVER__HOST": server.address,
        "DTS_EMAIL_SERVER__PORT": str(server.port),
        "DTS_EMAIL_SENDER__EMAIL": "lab@acme.example",
    }
    script = machine.write("letter.py", the("python").text)
    done = call([str(BIN / "python"), str(script)], cwd=machine.work, env=machine.environ(environ, root=False))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{sent(server, 'Run 12').message['Message-ID']}\n"
    server.stop()
    done = call([str(BIN / "python"), str(script)], cwd=machine.work, env=machine.environ(environ, root=False))
    assert done.stdout.startswith("9 not sent: ")


def test_cron(machine: Machine, server: Smtpd) -> None:
    """As cron runs a line: by /bin/sh, `\\%` as `%`, next to nothing in the environment."""
    path, line = the("crontab").text.splitlines()
    assert path.startswith("PATH=")
    command = line.split(maxsplit=5)[5].replace("\\%", "%").replace("/var/log/dts", str(machine.work / "logs"))
    environ = {"HOME": str(machine.home), "LOGNAME": "lab", "SHELL": "/bin/sh", "PATH": PATH}
    done = call(["/bin/sh", "-c", command], cwd=machine.home, env={**environ, "DTSCONF_ROOT": str(machine.root)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    today = call(["date", "+%F"]).stdout.strip()
    sent(server, f"Logs of {today}")
    server.stop()
    done = call(["/bin/sh", "-c", command], cwd=machine.home, env={**environ, "DTSCONF_ROOT": str(machine.root)})
    assert (done.returncode, done.stdout) == (9, "")
    assert "NOT SENT" in done.stderr
