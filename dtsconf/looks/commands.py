"""Commands that hints hold for what is not dtsconf's own: Linux' shell, and on Windows PowerShell as an administrator.
Texts alone, nothing is run. Those for Windows are by its documentation (learn.microsoft.com) and were not tried there.
"""

from __future__ import annotations

import sys


def host_line(address: str, host: str) -> str:
    """Gives a host its address on this machine, before the DNS is asked (hosts(5))."""
    if _on_windows():
        return rf"Add-Content $env:SystemRoot\System32\drivers\etc\hosts '{address} {host}'"
    return f"echo '{address} {host}' | sudo tee -a /etc/hosts"


def look_up(host: str) -> str:
    """Shows what this machine finds for a name."""
    return f"Resolve-DnsName {host}" if _on_windows() else f"getent hosts {host}"


def full_name() -> str:
    """Gives this machine a name with a domain."""
    if _on_windows():
        return "in System Properties (sysdm.cpl), Computer Name, Change, More: the primary DNS suffix"
    return "hostnamectl set-hostname NAME.DOMAIN"


def new_roots() -> str:
    """Brings the system's root certificates up to date."""
    if _on_windows():
        return "certutil -generateSSTFromWU roots.sst; certutil -addstore -f Root roots.sst"
    return "sudo apt install --reinstall ca-certificates"


def has_store() -> bool:
    """Whether the system keeps its roots in a store of its own, rather than in a file."""
    return _on_windows()


def into_store(file: str) -> str:
    """Puts the certificates in a file into that store."""
    return f"certutil -addstore -f Root {file}"


def append(file: str, to: str) -> str:
    """Adds a text file to another one."""
    return f"Get-Content {file} | Add-Content {to}" if _on_windows() else f"cat {file} | sudo tee -a {to}"


def _on_windows() -> bool:
    return sys.platform == "win32"
