from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from dtsconf.errors import DtsconfError, Invalid, Option, Place
from dtsconf.mail.compose.draft import Mailbox
from dtsconf.sending.prepare import prepared
from dtsconf.sending.request import Request, draft_of
from dtsconf.sending.sizes import in_units
from dtsconf.settings.policy import Policy, Recipients
from dtsconf.settings.sections import SecretsOptions, Target, Verify
from dtsconf.settings.values import Layer, Organisation

SENDER = Mailbox("Lab", "lab@acme.example")
HERE = Place("site.yaml", 9, 15)


def organisation(**policy: object) -> Organisation:
    return Organisation(
        "acme", Layer("machine"), Policy(**policy), Verify(), SecretsOptions(), (Target(kind="dts"),)  # type: ignore[arg-type]
    )  # fmt: skip


def refused(request: Request, org: Organisation) -> Invalid:
    with pytest.raises(Invalid) as caught, prepared(request, draft_of(request), SENDER, org):
        pass
    assert caught.value.code == 4
    return caught.value


def test_a_message() -> None:
    request = Request(("a@acme.example",), text="x")
    with prepared(request, draft_of(request), SENDER, organisation()) as message:
        assert len(b"".join(message.chunks())) == message.size
        assert b"From: Lab <lab@acme.example>" in next(message.chunks())
        first = message.message_id
    with prepared(request, draft_of(request), SENDER, organisation()) as message:
        assert message.message_id != first


def test_every_recipient_must_be_on_every_list() -> None:
    request = Request(("a@acme.example", "b@else.example"), ("c@else.example",), ("d@acme.example",))
    lists = (Recipients(("*@acme.example",), HERE), Recipients(("a@*", "b@*", "d@*"), None))
    problems = refused(request, organisation(recipients=lists)).problems
    assert [(problem.where, problem.message.split(":")[0]) for problem in problems] == [
        (Option("--to"), "mail may not go to b@else.example"),
        (Option("--cc"), "mail may not go to c@else.example"),
        (Option("--cc"), "mail may not go to c@else.example"),
    ]
    assert "(site.yaml:9:15)" in problems[0].message


def test_answers_may_go_anywhere() -> None:
    request = Request(("a@acme.example",), reply_to=("b@else.example",))
    org = organisation(recipients=(Recipients(("*@acme.example",), HERE),))
    with prepared(request, draft_of(request), SENDER, org) as message:
        assert message.size


def test_the_size_is_the_messages_not_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(800_000))
    request = Request(("a@acme.example",), attach=(str(tmp_path / "a.bin"),))
    told = refused(request, organisation(max_size=1_000_000))
    assert told.hint == "pack the attachments: --zip"
    assert "1.0" in told.message
    packed = Request(("a@acme.example",), attach=(str(tmp_path / "a.bin"),), zipped=True)
    with prepared(packed, draft_of(packed), SENDER, organisation(max_size=1_000_000)) as message:
        assert message.size < 10_000
    assert refused(packed, organisation(max_size=100)).hint == "send less of it at a time"


def test_the_zip_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "a.bin").write_bytes(b"x")
    request = Request(("a@acme.example",), attach=(str(tmp_path / "a.bin"),), zipped=True)
    with prepared(request, draft_of(request), SENDER, organisation()) as message:
        (archive,) = message.draft.attachments
    assert os.listdir(tmp_path / "tmp") == []
    with pytest.raises(ValueError):
        archive.open()


def test_zip_without_attachments_is_nothing() -> None:
    request = Request(("a@acme.example",), zipped=True)
    with prepared(request, draft_of(request), SENDER, organisation()) as message:
        assert message.draft.attachments == ()


def test_files_are_looked_for_last() -> None:
    request = Request(("a@else.example",), attach=("none",))
    refused(request, organisation(recipients=(Recipients(("*@acme.example",), HERE),)))
    with pytest.raises(DtsconfError, match="none"), prepared(request, draft_of(request), SENDER, organisation()):
        pass


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (20480, "20 KiB"),
        (1 << 20, "1 MiB"),
        (27_262_976, "26 MiB"),
        (1_600_000, "1.526 MiB"),
    ],
)
def test_sizes_as_people_read_them(size: int, shown: str) -> None:
    assert in_units(size) == shown
