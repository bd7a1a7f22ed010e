"""Every dependency of the locked set comes as a wheel for Windows, macOS and Debian 12, or as pure Python: nobody needs a
compiler to install the program, on no supported Python."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

LOCK = Path(__file__).parents[2] / "uv.lock"
PYTHONS = {"3.11": (3, 11), "3.12": (3, 12), "3.13": (3, 13), "3.14": (3, 14)}
PLATFORMS = {
    "Debian 12": (
        [*(f"manylinux_2_{minor}_x86_64" for minor in range(36, 16, -1)), "manylinux2014_x86_64"],
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    ),
    "Windows": (["win_amd64"], {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}),
    "macOS": (
        list(mac_platforms((14, 0), "arm64")),
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    ),
}

Package = dict[str, Any]


def packages() -> dict[str, Package]:
    return {one["name"]: one for one in tomllib.loads(LOCK.read_text("utf-8"))["package"]}


def needed(locked: dict[str, Package], environment: dict[str, str]) -> Iterator[Package]:
    """All that an installation of dtsconf brings along there."""
    waiting, seen = [("dtsconf", "")], set[tuple[str, str]]()
    while waiting:
        name, extra = one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        package = locked[name]
        if name != "dtsconf":
            yield package
        wanted = package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
        for wants in wanted:
            if "marker" not in wants or Marker(wants["marker"]).evaluate(environment):
                waiting += [(wants["name"], more) for more in ("", *wants.get("extra", []))]


def wheels(package: Package) -> list[frozenset[Tag]]:
    names = [wheel["url"].rpartition("/")[2] for wheel in package.get("wheels", [])]
    return [parse_wheel_filename(name)[3] for name in names]


def fits(package: Package, python: tuple[int, int], platforms: list[str]) -> bool:
    """Whether pip finds a wheel there."""
    taken = {*cpython_tags(python, platforms=platforms), *compatible_tags(python, platforms=platforms)}
    return any(not tags.isdisjoint(taken) for tags in wheels(package))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", PLATFORMS)
def test_all_come_as_wheels(system: str, python: str) -> None:
    platforms, facts = PLATFORMS[system]
    environment = {**facts, "python_version": python, "python_full_version": f"{python}.0"}
    found = {one["name"]: fits(one, PYTHONS[python], platforms) for one in needed(packages(), environment)}
    assert len(found) > 20, found
    assert all(found.values()), [name for name, fit in found.items() if not fit]


def test_a_package_without_one_is_noticed() -> None:
    """The check can fail: no wheel at all, one for another system, one for another Python."""
    url = "https://files.example/a/x-1-{}.whl"
    for tag in ("", "cp311-cp311-manylinux_2_17_x86_64", "cp312-cp312-win_amd64", "cp310-cp310-win_amd64"):
        package = {"wheels": [{"url": url.format(tag)}] if tag else []}
        assert not fits(package, (3, 11), ["win_amd64"]), tag
    for tag in ("py3-none-any", "cp311-cp311-win_amd64", "cp39-abi3-win_amd64"):
        assert fits({"wheels": [{"url": url.format(tag)}]}, (3, 11), ["win_amd64"]), tag


def test_what_the_system_alone_needs_is_looked_at_there() -> None:
    """keyring's Windows part is asked for on Windows, and nowhere else."""
    names = {
        system: {one["name"] for one in needed(packages(), {**facts, "python_version": "3.11"})}
        for system, (_, facts) in PLATFORMS.items()
    }
    assert "pywin32-ctypes" in names["Windows"] - names["macOS"]
    assert {"cryptography", "keyring"} <= names["Windows"] & names["macOS"]
