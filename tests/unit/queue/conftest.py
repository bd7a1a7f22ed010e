"""A spool in a folder of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtsconf.queue.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(str(tmp_path / "state" / "spool"))
