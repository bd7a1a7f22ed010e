"""Tests of one `xdist_group` share what stands once, such as a tenant by its name: they need one worker, one after another."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("groups")
@pytest.mark.parametrize("number", range(6))
def test_a_group_has_one_worker(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    base = tmp_path_factory.getbasetemp()
    workers = (base.parent if worker else base) / "workers-of-a-group"
    with workers.open("a") as file:
        file.write(f"{worker}\n")
    assert set(workers.read_text().split()) == {str(worker)}, number
