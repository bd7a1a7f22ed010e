from __future__ import annotations

import pytest

from dtsconf.cli.progress import bar


@pytest.mark.parametrize(
    ("done", "size", "shown"),
    [
        (0, 100 << 20, "sending [........................]   0% of 100.0 MiB"),
        (50 << 20, 100 << 20, "sending [############............]  50% of 100.0 MiB"),
        (100 << 20, 100 << 20, "sending [########################] 100% of 100.0 MiB"),
        (0, 0, "sending [########################] 100% of 0.0 MiB"),
        (3, 2, "sending [########################] 100% of 0.0 MiB"),
    ],
)
def test_the_bar(done: int, size: int, shown: str) -> None:
    assert bar(done, size) == shown
