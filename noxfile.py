"""The Makefile's targets as nox sessions, for those who like nox: the same commands, so the two can't drift apart.

The session `pythons` is nox's own: the tests that need no servers, on each supported Python.
"""

import nox

nox.options.sessions = ["lint", "test"]
nox.options.default_venv_backend = "none"


def _make(target: str) -> None:
    @nox.session(name=target)
    def run(session: nox.Session) -> None:
        session.run("make", target, external=True)


for _target in ("lint", "test", "test-all", "bench", "docs"):
    _make(_target)


@nox.session
@nox.parametrize("python_version", ["3.11", "3.12", "3.13", "3.14"])
def pythons(session: nox.Session, python_version: str) -> None:
    """Unit and contract tests in a throw-away environment with this Python and the locked set."""
    uv = ["uv", "run", "--isolated", "--locked", "--python", python_version]
    session.run(*uv, "python", "-m", "pytest", "tests/unit", "tests/contract", external=True)
