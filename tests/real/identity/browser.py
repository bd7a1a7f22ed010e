"""A person at a browser: headless Chromium that signs in at the provider's pages, consents, and types device codes.

Rules: it does what a person does, page by page, and stops where a person would: at the last page, whose text it
gives. Chromium has a profile of its own for each sign-in, reaches loopback only, and takes the tests' certificates.
Driven by ChromeDriver (W3C WebDriver): four requests of plain HTTP, for which no client library is worth its weight.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.real.processes import find, guard, require, stop

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
_STEP = """
const [user, code, agrees] = arguments;
const find = (selector) => document.querySelector(selector);
const press = (name, button) => {
  window.pressed = true;
  button.click();
  return [name, ''];
};
const submit = (name, form) =>
  press(name, form.querySelector('[type=submit]') ?? find(`button[form="${form.id}"]`));
if (document.readyState !== 'complete' || location.protocol === 'about:' || window.pressed) return ['', ''];
const login = find('input[name=login]');
if (login) {
  login.value = user;
  login.form.querySelector('[name=password]').value = 'any password will do';
  return submit('login', login.form);
}
const typed = find('input[name=user_code][type=text]');
if (typed && typed.value !== code) {
  typed.value = code;
  return submit('code', typed.form);
}
const asked = find('input[name=prompt][value=consent]')?.form ?? document.getElementById('op.deviceConfirmForm');
if (asked && agrees) return submit(asked.id || 'consent', asked);
const cancel = [...document.querySelectorAll('a, button')].find((one) => /cancel|abort/i.test(one.innerText));
if (asked && cancel) return press('refused', cancel);
// A page without a word is on its way to the next one by itself.
return [document.body.innerText.trim() ? 'end' : '', document.body.innerText];
"""


@dataclass
class Browser:
    """ChromeDriver at `url`. `hosts` are the addresses of names besides localhost; no other name is found."""

    url: str
    hosts: Mapping[str, str] = field(default_factory=dict)

    def sign_in(self, address: str, user: str, *, agrees: bool = True) -> str:
        """Open the address that a program gave, sign in as `user` (an address), consent or, if not `agrees`, cancel.
        The text of the last page is returned: the program's own, at its loopback address."""
        return self._through(address, user, "", agrees)

    def enter_code(self, address: str, code: str, user: str, *, agrees: bool = True) -> str:
        """Open the device login's address, type the code, sign in as `user`, and consent or cancel. The text of the
        last page is returned."""
        return self._through(address, user, code, agrees)

    @contextlib.contextmanager
    def person(self, folder: Path, user: str, *, agrees: bool = True) -> Iterator[Person]:
        """Within the block whatever is handed to `.program` (for $BROWSER) is opened by somebody who signs in as
        `user`. When it is left, everything opened has been gone through. Raises what went wrong there."""
        folder.mkdir()
        folder.chmod(0o777)  # whoever the program runs as
        program = folder / "browser"
        program.write_text(f"#!/bin/sh\nprintf '%s' \"$1\" >'{folder}/new' && mv '{folder}/new' '{folder}/address'\n")
        program.chmod(0o755)
        made = Person(str(program))
        end = threading.Event()
        arguments = (folder / "address", made, (user, agrees), end)
        thread = threading.Thread(target=self._wait_for_addresses, args=arguments)
        thread.start()
        try:
            yield made
        finally:
            end.set()
            thread.join()
        if made.faults:
            raise made.faults[0]

    def _wait_for_addresses(self, handed: Path, person: Person, who: tuple[str, bool], end: threading.Event) -> None:
        while not end.wait(0.05):
            if not handed.exists():
                continue
            address = handed.read_text("utf-8")
            handed.unlink()
            person.opened.append(address)
            try:
                person.pages.append(self.sign_in(address, who[0], agrees=who[1]))
            except (requests.RequestException, TimeoutError) as error:
                person.faults.append(error)

    def _through(self, address: str, user: str, code: str, agrees: bool) -> str:
        """One sign-in in a Chromium of its own. Raises TimeoutError with the steps that were done."""
        with self._session() as session:
            self._ask(f"{session}/url", {"url": address})
            done: list[str] = []
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                step, text = self._ask(f"{session}/execute/sync", {"script": _STEP, "args": [user, code, agrees]})
                # The same question again: it was answered wrong, and a person would stop there.
                if step == "end" or step in done:
                    return str(text)
                done += [step] if step else []
                time.sleep(0.05)
        raise TimeoutError(f"signing in did not end; steps: {done}")

    @contextlib.contextmanager
    def _session(self) -> Iterator[str]:
        known = ", ".join(f"MAP {name} {address}" for name, address in self.hosts.items())
        rules = f"{known}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1".removeprefix(", ")
        options = {"binary": find("chromium"), "args": [*_FLAGS, f"--host-resolver-rules={rules}"]}
        wanted = {"acceptInsecureCerts": True, "goog:chromeOptions": options, "pageLoadStrategy": "none"}
        made = self._ask("/session", {"capabilities": {"alwaysMatch": wanted}})
        try:
            yield f"/session/{made['sessionId']}"
        finally:
            _answer(requests.delete(f"{self.url}/session/{made['sessionId']}", timeout=60))

    def _ask(self, path: str, body: Mapping[str, Any]) -> Any:
        return _answer(requests.post(self.url + path, json=body, timeout=60))


@dataclass
class Person:
    """Somebody who sits at the browser. `opened` are the addresses that were handed over, `pages` the last pages."""

    program: str
    opened: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def open(self, address: str) -> bool:
        """Hands an address over, as a program does that starts `program` with it."""
        return subprocess.run([self.program, address], check=True).returncode == 0


def _answer(response: requests.Response) -> Any:
    """The value of a WebDriver answer. Raises TimeoutError with the driver's words for a refusal."""
    value = response.json()["value"]
    if response.status_code != 200:
        raise TimeoutError(f"{value['error']}: {value['message']}")
    return value


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A running ChromeDriver, whose Chromiums keep their files in `folder`. Raises PartMissing, OSError."""
    require("the browser", "chromium", "chromedriver")
    process = subprocess.Popen(
        [str(find("chromedriver")), "--port=0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    # The session group: with the driver go the Chromiums that it started.
    with guard('kill -TERM "-$1" 2>/dev/null', str(process.pid)):
        try:
            yield Browser(f"http://127.0.0.1:{_port(process)}")
        finally:
            stop(process)


def _port(process: subprocess.Popen[bytes]) -> int:
    """The port that ChromeDriver took, as it says itself."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(rb"started successfully on port (\d+)", line):
            return int(found[1])
    raise OSError("ChromeDriver did not start")
