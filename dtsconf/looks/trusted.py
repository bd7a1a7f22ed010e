"""The roots that this machine trusts: where they are, what leads elsewhere, and how one more is trusted beside them.

`server.ca_file` takes the place of the system's roots, for every server; OpenSSL's variables SSL_CERT_FILE and
SSL_CERT_DIR do so as well (OpenSSL, SSL_CTX_set_default_verify_paths(3)), save on Windows, which has a store.
"""

from __future__ import annotations

import os
import ssl

from dtsconf.frozen import frozen
from dtsconf.looks import commands
from dtsconf.names import escape_controls, to_unset

ROOTS = "/etc/dts/roots.pem"
"""Where the hints put a file of roots."""


_BUNDLE = "ca-certificates.crt"
"""All roots in one file, as Debian and others have it in the folder of roots (update-ca-certificates(8))."""


@frozen
class Variable:
    """A variable that stands in the place of the system's roots: its name and value, and `fault`: why it leads to none
    ('' where it may)."""

    name: str
    value: str
    fault: str = ""

    @property
    def told(self) -> str:
        """It, as a part of a sentence."""
        why = f", which {self.fault}" if self.fault else ""
        return f"the variable {self.name} names {escape_controls(self.value) or 'nothing'}{why}"

    @property
    def unset(self) -> str:
        """What takes it away."""
        return to_unset(self.name)


def variables() -> list[Variable]:
    """Those of OpenSSL's that are set to anything but the system's own roots, the ones that lead nowhere first."""
    paths = ssl.get_default_verify_paths()
    if os.name == "nt":
        return []
    looks = ((paths.openssl_cafile_env, _file_fault), (paths.openssl_capath_env, _folder_fault))
    given = [(name, os.environ[name], fault) for name, fault in looks if name in os.environ]
    found = [Variable(name, value, fault(value)) for name, value, fault in given if not _is_own(value)]
    return sorted(found, key=lambda one: not one.fault)


def _is_own(value: str) -> bool:
    """Whether the file, or one of the folders, is where the system has its roots anyway."""
    paths = ssl.get_default_verify_paths()
    own = (paths.openssl_cafile, paths.openssl_capath, os.path.join(paths.openssl_capath, _BUNDLE))
    return any(os.path.realpath(each) in map(os.path.realpath, own) for each in value.split(os.pathsep) if each)


def _file_fault(path: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "holds no certificate"
    except OSError as error:
        return "isn't there" if isinstance(error, FileNotFoundError) else f"can't be read: {error.strerror}"
    return ""


def _folder_fault(path: str) -> str:
    folders = [folder for folder in path.split(os.pathsep) if os.path.isdir(folder)]
    if not folders:
        return "isn't there"
    return "" if any(os.listdir(folder) for folder in folders) else "is empty"


def system_file() -> str:
    """The file of the system's own roots, whatever a variable says; '' when there is none."""
    file = ssl.get_default_verify_paths().openssl_cafile
    return file if os.path.isfile(file) else ""


def none_here() -> bool:
    """Whether no roots at all are found where the system, or a variable, says that they are."""
    paths = ssl.get_default_verify_paths()
    return not (commands.has_store() or paths.cafile or (paths.capath and os.listdir(paths.capath)))


def add(ca_file: str | None) -> str:
    """How to trust one root more, in a file ROOT.pem; `ca_file` is `server.ca_file`."""
    if ca_file is not None:
        return f"and add it to {ca_file} (server.ca_file): {commands.append('ROOT.pem', ca_file)}"
    if commands.has_store():
        return f"and trust it beside the system's: {commands.into_store('ROOT.pem')}"
    return f"and trust it beside the system's: {_joined('ROOT.pem')}, then --set server.ca_file={ROOTS}"


def both(ca_file: str) -> str:
    """How to trust the system's roots beside those of `server.ca_file`."""
    if commands.has_store():
        return f"put these beside the system's roots: {commands.into_store(ca_file)}, then --set server.ca_file=null"
    if ca_file == ROOTS:
        return f"put the system's roots into that file as well: {commands.append(system_file(), ca_file)}"
    return f"put these and the system's roots into one file: {_joined(ca_file)}, then --set server.ca_file={ROOTS}"


def _joined(other: str) -> str:
    """The command that writes ROOTS; its folder need not be there yet."""
    files = " ".join(filter(None, (system_file(), other)))
    return f"cat {files} | sudo install -D -m 644 /dev/stdin {ROOTS}"
