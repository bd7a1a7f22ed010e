"""`LocalSystem`: the files of the machine that dtsconf runs on, in the variant for its system."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from dtsconf.machine.windows import WindowsSystem as LocalSystem
else:
    from dtsconf.machine.posix import PosixSystem as LocalSystem

__all__ = ["LocalSystem"]
