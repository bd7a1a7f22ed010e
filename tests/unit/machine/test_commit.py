"""The commit a profile stands at, read from git's files; git itself only makes the trees here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dtsconf.machine.commit import commit_of
from tests.unit.posix import as_nobody, make_fifo


def git(folder: Path, *args: str) -> str:
    words = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main", *args]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    (folder / "sites").mkdir(parents=True)
    (folder / "sites" / "perth.yaml").write_text("dtsconf: 1\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    return folder


def test_a_plain_tree(tree: Path) -> None:
    head = git(tree, "rev-parse", "HEAD")
    assert len(head) == 40
    assert commit_of(str(tree / "sites" / "perth.yaml")) == head
    assert commit_of(str(tree / "sites" / "not-there.yaml")) == head


def test_a_relative_path(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "sites")
    assert commit_of("perth.yaml") == git(tree, "rev-parse", "HEAD")


def test_packed_refs(tree: Path) -> None:
    git(tree, "tag", "-a", "v1", "-m", "x")
    git(tree, "branch", "other")
    git(tree, "pack-refs", "--all")
    assert not (tree / ".git/refs/heads/main").exists()
    assert commit_of(str(tree / "sites/perth.yaml")) == git(tree, "rev-parse", "HEAD")


def test_a_branch_with_slashes(tree: Path) -> None:
    git(tree, "checkout", "--quiet", "-b", "a/b/c")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "two")
    assert commit_of(str(tree / "sites/perth.yaml")) == git(tree, "rev-parse", "HEAD")


@pytest.mark.parametrize("pack", [False, True])
def test_a_worktree(tree: Path, tmp_path: Path, pack: bool) -> None:
    side = tmp_path / "side"
    git(tree, "worktree", "add", "--quiet", "-b", "side", str(side))
    git(side, "commit", "--quiet", "--allow-empty", "-m", "two")
    if pack:
        git(tree, "pack-refs", "--all")
    assert commit_of(str(side / "sites/perth.yaml")) == git(side, "rev-parse", "HEAD")
    assert git(side, "rev-parse", "HEAD") != git(tree, "rev-parse", "HEAD")


def test_a_detached_head(tree: Path) -> None:
    first = git(tree, "rev-parse", "HEAD")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "two")
    git(tree, "checkout", "--quiet", first)
    assert commit_of(str(tree / "sites/perth.yaml")) == first


def test_a_link_into_the_tree(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(tree / "sites/perth.yaml")
    assert commit_of(str(tmp_path / "link.yaml")) == git(tree, "rev-parse", "HEAD")


def test_sha256_trees(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "one")
    assert commit_of(str(tmp_path / "x.yaml")) == git(tmp_path, "rev-parse", "HEAD")


def test_no_tree_and_no_commit_yet(tmp_path: Path) -> None:
    assert commit_of(str(tmp_path / "x.yaml")) is None
    git(tmp_path, "init", "--quiet")
    assert commit_of(str(tmp_path / "x.yaml")) is None


@pytest.mark.parametrize("content", [b"", b"ref: refs/heads/none\n", b"\xff\xfe", b"ref: refs/../../x\n", b"x" * 40])
def test_a_damaged_head(tree: Path, content: bytes) -> None:
    (tree / ".git/HEAD").write_bytes(content)
    assert commit_of(str(tree / "sites/perth.yaml")) is None


def test_a_file_that_is_no_ref_is_never_told(tree: Path) -> None:
    (tree / "password").write_text("s3cret\n")
    (tree / ".git/HEAD").write_text("ref: ../password\n")
    assert commit_of(str(tree / "sites/perth.yaml")) is None


def test_a_fifo_does_not_hang(tree: Path) -> None:
    head = tree / ".git/HEAD"
    head.unlink()
    make_fifo(head)
    assert commit_of(str(tree / "sites/perth.yaml")) is None


def test_a_git_file_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /not/there\n")
    assert commit_of(str(tmp_path / "x.yaml")) is None
    (tmp_path / ".git").unlink()
    (tmp_path / ".git").symlink_to("/not/there")
    assert commit_of(str(tmp_path / "x.yaml")) is None


def test_one_that_may_not_be_read(tree: Path) -> None:
    (tree / ".git").chmod(0)
    tree.parent.chmod(0o755)
    assert as_nobody(lambda: commit_of(str(tree / "x"))) == "None"
