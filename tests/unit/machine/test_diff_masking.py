"""What a diff shows of a file that somebody edited: no secret, and no change where there is none."""

from __future__ import annotations

from dtsconf.machine.diff import masked

ID = '      "login.password": "51e4ea5a70ca475e"\n'
CANARY = '      "login.password": "c4nary-Pa55word"\n'


def test_the_id_of_a_secret_that_stays_is_the_same_on_both_sides() -> None:
    assert masked("dts", ID.encode(), secret=False, ours=False, wanted=ID) == ID


def test_an_id_that_is_not_wanted_is_masked_as_it_may_be_a_secret() -> None:
    assert "51e4ea5a70ca475e" not in masked("dts", ID.encode(), secret=False, ours=False, wanted=CANARY)


def test_a_secret_put_into_the_file_is_masked() -> None:
    assert "c4nary" not in masked("dts", CANARY.encode(), secret=False, ours=False, wanted=ID)
