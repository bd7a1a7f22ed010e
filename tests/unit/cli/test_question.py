"""A yes or no on the terminal."""

from __future__ import annotations

import os
import sys

import pytest

from dtsconf.cli.question import confirmed


def test_an_end_in_place_of_an_answer_is_a_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that an apply tells what became of the machine, as it does then."""
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read) as ended:
        monkeypatch.setattr(sys, "stdin", ended)
        with pytest.raises(KeyboardInterrupt):
            confirmed("Apply this?")
