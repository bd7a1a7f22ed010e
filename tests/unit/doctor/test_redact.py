"""What is taken out of a bundle, and what stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dtsconf.doctor.redact import GONE, redacted


@pytest.mark.parametrize(
    ("data", "clean"),
    [
        ({"host": "mail.acme.example", "user": "ann"}, {"host": "mail.acme.example", "user": "ann"}),
        ({"password": "file:///etc/dts/pw"}, {"password": "file:///etc/dts/pw"}),
        ({"password": "vault://secret/mail#password"}, {"password": "vault://secret/mail#password"}),
        ({"password": "pear-tree"}, {"password": GONE}),
        ({"password": "pear://tree"}, {"password": GONE}),
        ({"login": {"password": 4711}}, {"login": {"password": GONE}}),
        ({"password": None, "token": False}, {"password": None, "token": False}),
        ({"tokens": ["one"], "token": ["one"]}, {"tokens": ["one"], "token": [GONE]}),
        ({"proxy": "http://ann:pear@proxy:3128/"}, {"proxy": f"http://{GONE}@proxy:3128/"}),
        ({"proxy": "http://proxy:3128/"}, {"proxy": "http://proxy:3128/"}),
        ({"note": "see https://ann:pear@host/ for it"}, {"note": f"see https://{GONE}@host/ for it"}),
        (["a", 1, None, True, 2.5], ["a", 1, None, True, 2.5]),
    ],
)
def test_redacted(data: Any, clean: Any) -> None:
    assert redacted(data) == clean


@pytest.mark.parametrize("secret", ["pear-tree-9", "a b", "ü€", 'quo"te', "line\nbreak"])
def test_a_known_secret_is_in_no_text(secret: str) -> None:
    data = {"reason": f"changed to {secret}!", secret: [secret, {"config": json.dumps({"x": secret})}]}
    text = json.dumps(redacted(data, [secret]), ensure_ascii=False)
    assert secret not in text
    assert json.dumps(secret)[1:-1] not in text


def test_a_config_within_a_record_is_cleaned_as_json() -> None:
    record = {"config": json.dumps({"settings": {"login": {"password": "pear", "username": "lab"}}})}
    inner = json.loads(redacted(record)["config"])
    assert inner == {"settings": {"login": {"password": GONE, "username": "lab"}}}


def test_the_longest_of_overlapping_secrets_goes_first() -> None:
    assert redacted("pear-tree", ["pear", "pear-tree"]) == GONE


def test_an_empty_secret_changes_nothing() -> None:
    assert redacted("text", [""]) == "text"
