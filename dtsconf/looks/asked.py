"""What was asked over HTTPS, of whom, and why no answer counts; and the proxy that may be the only way out.

Through a proxy nothing more is asked of the service itself: what a look of this machine's own meets there is not what
the request met.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dtsconf.looks.case import Case, Goal

if TYPE_CHECKING:
    from dtsconf.web.trouble import Trouble


@dataclass(frozen=True, eq=False)
class Asked:
    """What was asked, and why no answer counts. `service` is what was asked, in words; `microsoft`: at Microsoft's own
    address, so that the name is right; `setting` is `connection.proxy`, `ca_file` is `server.ca_file`, `min_tls` and
    `timeout` (seconds) those of `connection`; `fixed`: the organisation's rules let `connection.proxy` name no proxy.
    """

    trouble: Trouble
    service: str
    _: KW_ONLY
    microsoft: bool
    setting: str
    ca_file: str | None
    min_tls: str
    timeout: float
    fixed: bool = False

    @cached_property
    def case(self) -> Case:
        """The failure on the way to the service; its clock runs from the first use on."""
        trouble = self.trouble
        goal = Goal(trouble.host, trouble.port, self.service, "microsoft.authority")
        return Case(goal, trouble.cause, trouble.ms)

    @property
    def direct(self) -> bool:
        """Whether the way there leads over no proxy."""
        return self.trouble.proxy is None


def by_proxy(asked: Asked) -> tuple[str, str]:
    """What the environment says of a proxy that isn't taken ('' for nothing), and how to go by one."""
    from dtsconf.web.proxies import unproxied

    spared = unproxied(f"https://{asked.trouble.host}/", asked.setting)
    if spared is not None:
        return spared[0], f"if HTTPS leaves this network by a proxy alone: {spared[1]}"
    name = "--set connection.proxy=http://PROXY:PORT"
    if asked.fixed and asked.setting == "system":
        name = "export HTTPS_PROXY=http://PROXY:PORT (PowerShell: $env:HTTPS_PROXY = 'http://PROXY:PORT')"
    return "", f"if HTTPS leaves this network by a proxy alone, name it: {name}"
