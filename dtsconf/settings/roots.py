"""The `ca_file` in use looked at before anybody is asked: a path that is off is no fault of the server's.

`validate` doesn't look: there the file is the target machine's. Who may change the file is asked in `trust`, whether
a server's certificate comes from it only in the conversation.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtsconf.errors import Invalid, Notice, Place, Problem
from dtsconf.files import FileProblem, read_regular
from dtsconf.names import escape_controls
from dtsconf.settings.effective import quoted
from dtsconf.settings.references import secrets_in_use
from dtsconf.settings.trust import CA_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtsconf.settings.effective import Effective

KEY = "server.ca_file"
_PLACE = "ca-file-place"


def require_roots(effective: Effective) -> None:
    """Let settings pass whose `server.ca_file` is not needed, or holds a certificate.

    Raises:
        Invalid: code 3, kind `ca-file`, with the path and the reason, at the place that names the file.
    """
    if problem := fault_in(effective):
        raise Invalid(effective.org.with_excerpts((problem,)))


def fault_in(effective: Effective) -> Problem | None:
    """What is wrong with the `server.ca_file` that is needed; None where nothing is."""
    server, smtp = effective.settings.server, effective.settings.mode == "smtp"
    if server.ca_file is None or (smtp and (server.encryption == "none" or server.fingerprint is not None)):
        return None
    reason, hint = fault(server.ca_file)
    where = effective.origin[KEY].where
    return Problem("ca-file", f"{KEY} {quoted(KEY, server.ca_file)} {reason}", hint, where, KEY) if reason else None


def vault_fault_in(effective: Effective) -> Problem | None:
    """The same of the `secrets.vault.ca_file`, where a secret in use lies in Vault."""
    path, org, key = effective.org.secrets.vault.ca_file, effective.org, "secrets.vault.ca_file"
    if path is None or not any(each.startswith("vault://") for each in secrets_in_use(effective).values()):
        return None
    reason, hint = fault(path)
    return (
        Problem("ca-file", f"{key} {escape_controls(repr(path))} {reason}", hint, org.place_of(key), key)
        if reason
        else None
    )


def left_behind(effective: Effective, real: Callable[[str], str]) -> list[Notice]:
    """A file beside the profile that is not there under the root which is filled: where that becomes a machine, each
    send is to read it. `real` gives the path under that root. Not where its place is warned of already."""
    path, where = effective.settings.server.ca_file, effective.origin[KEY].where
    if path is None or not isinstance(where, Place) or any(told.kind == _PLACE for told in effective.warnings):
        return []
    if os.path.exists(real(path)) or not path.startswith(os.path.dirname(os.path.abspath(where.file)) + os.sep):
        return []
    text = f"{KEY} {quoted(KEY, path)} lies beside the profile: an image made of this root would read it at that place"
    hint = (
        f"for an image, name the file's place on its machines, {KEY}: /etc/dts/roots.pem, and have it there, here too"
    )
    return [Notice(_PLACE, text, hint, where, KEY, standing=True)]


def fault(path: str) -> tuple[str, str]:
    """Why no roots can be read from the file, and what to do; two empty texts for a good one."""
    import ssl
    from shlex import quote

    data = b""
    try:
        data, _ = read_regular(path, CA_LIMIT)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except FileProblem as wrong:
        return wrong.message, "name a PEM file with the root certificates"
    except ssl.SSLError:
        return "holds no PEM certificate", _mended(data, quote(path))
    except FileNotFoundError:
        return "is not there", "put the root certificates there, or mend the path"
    except PermissionError:
        return "can't be read: permission denied", f"let everybody who sends read it: chmod a+r {quote(path)}"
    except OSError as error:
        return f"can't be read: {(error.strerror or 'input/output error').lower()}", "is this the right path?"
    return "", ""


def _mended(data: bytes, path: str) -> str:
    if data[:1] == b"\x30":  # an ASN.1 sequence: DER
        return f"it looks like DER: openssl x509 -inform der -in {path} -out ROOTS.pem"
    if b"-----BEGIN PKCS7-----" in data:
        return f"it is a PKCS #7 bundle: openssl pkcs7 -print_certs -in {path} -out ROOTS.pem"
    key = " it holds a private key, which is the server's own and nobody else's:" if b"PRIVATE KEY-----" in data else ""
    return f"{key} name a PEM file (-----BEGIN CERTIFICATE-----) with the root certificates".lstrip()
