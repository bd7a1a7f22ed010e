"""This machine's own name."""

from __future__ import annotations

import socket
import sys

_DNS_FULLY_QUALIFIED = 3
"""ComputerNameDnsFullyQualified of COMPUTER_NAME_FORMAT (learn.microsoft.com, sysinfoapi.h)."""


def own_name() -> str:
    """The name, with its domain where the system has both: Linux as it was set, Windows keeps the two apart and puts
    them together when asked (GetComputerNameExW). Looks nothing up."""
    name = socket.gethostname()
    if sys.platform == "win32":
        import ctypes

        text, size = ctypes.create_unicode_buffer(256), ctypes.c_ulong(256)
        if ctypes.windll.kernel32.GetComputerNameExW(_DNS_FULLY_QUALIFIED, text, ctypes.byref(size)):
            name = text.value
    return name
