from __future__ import annotations

import pytest

from dtsconf.mail.sent import Sent
from dtsconf.sending.deliver import NotSent, exit_code
from tests.unit.sending.results import NO, OK, failed, sent


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (sent(OK, OK), 0),
        (sent(OK, NO), 1),
        (sent(NO, NO, stage="rcpt-to", cause="recipient-rejected"), 1),
        (sent(NO, failed("timeout"), stage="rcpt-to", cause="recipient-rejected"), 6),
        (sent(OK, failed("dropped"), stage="data", cause="dropped"), 1),
        (sent(failed("sender-rejected"), stage="rcpt-to", cause="sender-rejected"), 6),
        (sent(failed("content-rejected"), stage="accepted", cause="content-rejected"), 6),
        (sent(failed("outcome-unknown"), stage="accepted", cause="outcome-unknown"), 6),
        (sent(failed("refused"), stage="connect", cause="refused", reached=False), 9),
    ],
)
def test_exit_codes(result: Sent, code: int) -> None:
    assert exit_code(result) == code


def test_as_an_error() -> None:
    error = NotSent(sent(failed("timeout"), stage="data"))
    assert str(error) == "not sent: no answer came in time (data: it said so)"
    assert (error.code, error.hint, error.kind) == (6, "h", "not-sent")
