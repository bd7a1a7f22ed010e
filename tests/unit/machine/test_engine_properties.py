"""Whatever is applied in whatever order: in sync afterwards, nothing left to do, and every step can be taken back."""

from __future__ import annotations

import tempfile
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from dtsconf.errors import Invalid
from dtsconf.machine import generations
from dtsconf.settings.effective import Effective
from dtsconf.settings.sections import SecretsOptions, Target
from tests.unit.machine.world import LOGIN, World, effective

KINDS = [("dts",), ("msmtp",), ("dts", "msmtp")]


@st.composite
def wishes(draw: st.DrawFn) -> Effective:
    """Settings that a profile may come to; some of them no target can express."""
    values: dict[str, Any] = {
        **LOGIN,
        "login.required": draw(st.booleans()),
        "login.password": draw(st.sampled_from(["file:///etc/secret", "env://PW", "vault://kv/dts#pw"])),
        "server.encryption": draw(st.sampled_from(["starttls", "tls", "auto"])),
        "server.port": draw(st.sampled_from([None, 587, 2525])),
        "sender.name": draw(st.sampled_from([None, "DTS", "Bohrung Süd"])),
    }
    chosen = tuple(Target.of_json({"kind": kind}) for kind in draw(st.sampled_from(KINDS)))
    deliver: Any = draw(st.sampled_from(["file", "reference"]))
    return effective(values, targets=chosen, secrets=SecretsOptions(deliver=deliver))


def targets(world: World) -> dict[str, Any]:
    return {path: entry for path, entry in world.tree().items() if not path.startswith("var")}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(wishes(), min_size=1, max_size=3))
def test_apply_and_back(steps: list[Effective]) -> None:
    with tempfile.TemporaryDirectory() as root:
        world = World(root)
        world.secrets["vault://kv/dts#pw"] = "from vault"
        for want in steps:
            before = targets(world)
            number = generations.current_number(world.system, world.layout) or 0
            try:
                applied = world.apply(want)
            except Invalid:
                assert targets(world) == before
                continue
            assert world.status().state == "in-sync"
            assert world.plan().plan.changes == ()
            assert world.plan(secrets=True).plan.empty
            if applied.changed:
                after = targets(world)
                world.rollback(number)
                assert files(targets(world)) == files(before)
                world.rollback(number + 1)
                assert targets(world) == after
        if world.status().generation:
            world.rollback(0)
        assert targets(world) in ({}, {"etc": targets(world).get("etc")})


def files(tree: dict[str, Any]) -> dict[str, Any]:
    return {path: entry for path, entry in tree.items() if entry[1] is not None}
