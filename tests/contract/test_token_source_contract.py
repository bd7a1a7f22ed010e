"""What every provider has to give and whoever signs in relies on: held by the fake here, by the real one in
tests/integration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from dtsconf.auth.places import Places
from dtsconf.auth.provider import MakeSession
from dtsconf.auth.request import UserCode, Wanted
from dtsconf.auth.sources import ApplicationTokens, UserTokens
from dtsconf.errors import SignInFailed
from dtsconf.secret.value import Secret
from tests.fakes.provider import FakeProvider, Reply, tokens
from tests.unit.auth.people import CLIENT, Somebody


class Person(Somebody):
    """Enters the code at once, by `enters`."""

    def __init__(self, enters: Callable[[UserCode], object]) -> None:
        super().__init__()
        self._enters = enters

    def enter(self, code: UserCode) -> None:
        super().enter(code)
        self._enters(code)


@dataclass
class Place:
    """A provider: `user` and `application` are what is wanted of it, `secret` the application's; `address` is whose
    account signs in; `enters` approves a device code; `ends` makes the provider forget all sessions."""

    user: Wanted
    application: Wanted
    secret: str
    address: str
    session: MakeSession
    enters: Callable[[UserCode], object]
    ends: Callable[[], object]
    folder: Path

    def tokens(self, person: Somebody | None = None) -> UserTokens:
        return UserTokens(self.user, Places(str(self.folder), None), {}, self.session, person=person)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    device = {
        "device_code": "d",
        "user_code": "ABCD",
        "verification_uri": "https://id.acme.example/device",
        "expires_in": 60,
        "interval": 1,
    }
    numbered = iter(range(100))
    fake = FakeProvider(
        {
            "device_authorization": [device],
            "device_code": [tokens("first", lasts=60)],
            "refresh_token": [tokens(f"token-{n}") for n in numbered],
            "client_credentials": [tokens(f"app-{n}", refresh=None) for n in range(9)],
        }
    )

    def judge(form: Mapping[str, str]) -> Reply | None:
        return Reply(401, '{"error": "invalid_client"}') if form.get("client_secret") == "wrong" else None

    def session() -> Any:
        return fake

    def ends() -> None:
        fake.answers["refresh_token"] = [Reply(400, '{"error": "invalid_grant"}')]

    fake.judge = judge
    wish = Wanted("https://id.acme.example", "acme", CLIENT, "device-code", remember=True, cache="file")
    application = replace(wish, flow="application", sender="app@acme.example")
    return Place(wish, application, "right", "ann@acme.example", session, lambda _code: None, ends, tmp_path)


def application(place: Place, secret: str | None = None) -> ApplicationTokens:
    given = Secret(secret or place.secret)
    return ApplicationTokens(place.application, place.session, lambda: ("microsoft.client_secret", given))


def test_an_application_has_one_token_a_run_and_another_when_told(place: Place) -> None:
    source = application(place)
    first = source.get()
    assert first.username == place.application.sender
    assert source.get().value.reveal() == first.value.reveal()
    assert source.get(fresh=True).value.reveal() != first.value.reveal()


def test_a_wrong_secret_is_exit_6_with_a_next_step(place: Place) -> None:
    source = application(place, "wrong")
    with pytest.raises(SignInFailed) as caught:
        source.get()
    assert caught.value.code == 6
    assert "invalid_client" in caught.value.message
    assert "microsoft.client_id" in (caught.value.hint or "")


def test_a_person_signs_in_once_and_is_renewed_without_being_asked(place: Place) -> None:
    person = Person(place.enters)
    found = place.tokens(person).sign_in()
    assert found.account == place.address
    assert found.renewable
    first = place.tokens().get(fresh=True)
    assert first.username == place.address
    second = place.tokens().get(fresh=True)
    assert first.value.reveal() != second.value.reveal()
    assert len(person.codes) == 1


def test_a_session_that_the_provider_ended_is_told(place: Place) -> None:
    place.tokens(Person(place.enters)).sign_in()
    place.ends()
    with pytest.raises(SignInFailed, match="invalid_grant: the code or the kept session is no longer good") as caught:
        place.tokens().get(fresh=True)
    assert caught.value.hint == "sign in again: dtsconf sign-in"


def test_what_is_forgotten_is_gone(place: Place) -> None:
    source = place.tokens(Person(place.enters))
    source.sign_in()
    source.forget()
    with pytest.raises(SignInFailed, match="nobody is signed in"):
        place.tokens().get()
