"""The demo: the whole story on one screen, against a mail server that lives in this process.

Rules: every command that is shown is really run, as a child process, and what it really said is what is shown; each
step then looks at the machine's folder and the mail server for what the story claims. Everything lies in one temporary
folder that is removed at the end; no packet leaves loopback. Refuses to know how a command does its work.
"""

from __future__ import annotations

from dtsconf.demo.story import Claim, Step, Told, tell

__all__ = ["Claim", "Step", "Told", "tell"]
