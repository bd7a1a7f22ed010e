"""The parts that dtsconf needs: interpreter, TLS library, the group of the secrets, msmtp, the files that are named."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import sys
from collections.abc import Iterator

from dtsconf.doctor.check import Check, Subject
from dtsconf.names import to_unset
from dtsconf.version import __version__


def program(subject: Subject) -> Iterator[Check]:
    """Versions, and whether the TLS library is able to do what the settings ask for."""
    # Not platform.platform(), which starts uname -p with the whole environment, secrets in it too.
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    detail = f"dtsconf {__version__}, Python {platform.python_version()}, {ssl.OPENSSL_VERSION}, {system}"
    wants_13 = subject.effective is not None and subject.effective.settings.connection.min_tls == "1.3"
    if wants_13 and not ssl.HAS_TLSv1_3:
        yield Check(
            "program", "fail", f"{detail}: no TLS 1.3 in it, which connection.min_tls asks for", "update OpenSSL"
        )
    elif ssl.OPENSSL_VERSION_INFO < (3, 0):
        yield Check("program", "warn", f"{detail}: this OpenSSL gets no fixes any more", "update Python and OpenSSL")
    else:
        yield Check("program", "ok", detail)


def group(subject: Subject) -> Iterator[Check]:
    """Whether the group that may read the secrets exists, and has the file."""
    name = None if subject.effective is None else subject.effective.org.secrets.group
    if sys.platform != "win32" and name is not None:
        import grp

        try:
            found = grp.getgrnam(name)
        except KeyError:
            yield Check("group", "fail", f"secrets.group: this machine has no group {name}", f"groupadd -r {name}")
            return
        real = subject.shown(subject.layout.secrets)
        if os.path.lexists(real) and os.lstat(real).st_gid != found.gr_gid:
            yield Check("group", "fail", f"{real} does not belong to group {name}", f"chgrp {name} {real}")
        else:
            members = ", ".join(found.gr_mem) or "no members listed"
            yield Check("group", "ok", f"group {name} ({members}) may read the secrets")
    yield from ()  # Windows has no such groups


def msmtp(subject: Subject) -> Iterator[Check]:
    """msmtp, where it is a target."""
    if subject.effective is None or all(target.kind != "msmtp" for target in subject.effective.org.targets):
        return
    path = shutil.which("msmtp")
    if path is None:
        yield Check("msmtp", "fail", "msmtp is a target, and no msmtp is on the PATH", "apt install msmtp")
    else:
        yield Check("msmtp", "ok", path)


def user_file(subject: Subject) -> Iterator[Check]:
    """Whether the settings file that a variable names for this user is there; else it counts as empty."""
    given, path = subject.layout.environ.get("DTSCONF_USER_FILE"), subject.layout.user_file()
    if given and not os.path.lexists(path):
        told = f"DTSCONF_USER_FILE names {path}, which is not there: it counts as an empty one"
        yield Check("user-file", "warn", told, f"write it, or go without it: {to_unset('DTSCONF_USER_FILE')}")


def record(subject: Subject) -> Iterator[Check]:
    """The file of `record`, where one is set: apply, test and status append to it."""
    path = None if subject.effective is None else subject.effective.org.record
    if path is None:
        return
    there = os.path.exists(path)
    if os.access(path if there else os.path.dirname(path), os.W_OK):
        yield Check("record", "ok", f"{path} can be written")
    else:
        what = "can't be written by this user" if there else "can't be made by this user"
        yield Check("record", "warn", f"{path} {what}", f"make its folder, and let this user write to {path}")
