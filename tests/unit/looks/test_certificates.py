from __future__ import annotations

from dtsconf.looks.certificates import candidates
from dtsconf.net.certificate import Certificate


def test_a_wildcard_is_filled_where_it_stands_for_a_first_label() -> None:
    names = ("*.corp.example", "*", "mx*.corp.example", "192.*", "mail.corp.example")
    assert candidates(Certificate("s", "i", names, 0, 4e9), "smtp.other.example") == [
        "smtp.corp.example", "mail.corp.example",
    ]  # fmt: skip
