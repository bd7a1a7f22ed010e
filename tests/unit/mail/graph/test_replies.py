from __future__ import annotations

import base64
import json

import pytest

from dtsconf.mail.graph import replies

GRAPH, CHINA, OWN = (
    "https://graph.microsoft.com",
    "https://microsoftgraph.chinacloudapi.cn",
    "https://graph.corp.example",
)


def body(**error: object) -> str:
    return json.dumps({"error": error})


def test_the_innermost_code_comes_first_and_the_request_is_named() -> None:
    inner = {"code": "deeper", "innererror": {"code": "deepest", "request-id": "r-1"}}
    found = replies.refusal(403, {}, body(code="accessDenied", message="No,\n really.", innerError=inner))
    assert found.codes == ("deepest", "deeper", "accessDenied")
    assert found.words == "accessDenied: No, really. (request-id r-1)"
    assert found.reply.text == "403 accessDenied: No, really. (request-id r-1)"
    assert found.graph


def test_the_header_names_the_request_when_the_error_doesnt() -> None:
    assert replies.refusal(500, {"request-id": "r-2"}, body(code="x", message="y")).request_id == "r-2"


@pytest.mark.parametrize(
    "text", ["", "<html>", "[1]", '{"error": "x"}', '{"error": null}', '{"error": [1]}', "[" * 100_000]
)
def test_what_is_no_error_of_graphs(text: str) -> None:
    found = replies.refusal(502, {"Content-Type": "text/html; charset=utf-8", "Retry-After": "7"}, text)
    assert not found.graph
    assert found.words == "text/html, no answer of Microsoft Graph's"
    assert found.wait == 7
    assert replies.refusal(502, {}, text).words.startswith("no content type")


def test_an_error_of_odd_members_is_one_all_the_same() -> None:
    found = replies.refusal(400, {}, body(code=7, message=["x"], innerError="no"))
    assert (found.codes, found.message, found.graph) == ((), "", True)


def test_errors_within_errors_end() -> None:
    text = '{"error":' + '{"code":"c","innerError":' * 500 + "{}" + "}" * 501
    assert len(replies.refusal(400, {}, text).codes) == 8


def test_long_words_are_cut() -> None:
    found = replies.refusal(400, {"request-id": "r" * 9999}, body(code="c" * 9999, message="m" * 9999))
    assert len(found.words) < 700


def challenge(claims: str, error: str = "insufficient_claims") -> str:
    return f'Bearer realm="", error="{error}", claims="{claims}", more="x"'


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
def test_the_claims_of_a_challenge(encode: object, padded: bool) -> None:
    claims = '{"access_token":{"acrs":{"essential":true,"value":"c1~?"}}}'
    text = encode(claims.encode()).decode()  # type: ignore[operator] # one of base64's
    assert replies.claims_challenge(challenge(text if padded else text.rstrip("="))) == claims


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        challenge("!!!"),
        challenge(base64.b64encode(b"not json").decode()),
        challenge(base64.b64encode(b"[1]").decode()),
        challenge(base64.b64encode(b'{"a":1}').decode(), error="invalid_token"),
        challenge("A" * 100_000),
    ],
)
def test_what_is_no_challenge(header: str) -> None:
    assert replies.claims_challenge(header) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('{"nextExpectedRanges": ["2097152"]}', 2097152),
        ('{"nextExpectedRanges": ["0-"]}', 0),
        ('{"NextExpectedRanges": ["5-9", "20-"]}', 5),
        ('{"nextExpectedRanges": []}', None),
        ('{"nextExpectedRanges": [7]}', None),
        ('{"nextExpectedRanges": "7"}', None),
        ('{"nextExpectedRanges": ["-7"]}', None),
        ('{"nextExpectedRanges": ["9999999999999999999999"]}', None),
        ("[]", None),
        ("", None),
    ],
)
def test_where_an_upload_goes_on(text: str, start: int | None) -> None:
    assert replies.next_start(text) == start


def test_members_and_names() -> None:
    assert replies.member('{"id": "x"}', "id") == "x"
    assert replies.member('{"id": 7}', "id") is None
    assert replies.member("[]", "id") is None
    assert replies.names('{"value": [{"name": "a"}, {"name": 7}, 3, {}]}') == ["a"]
    assert replies.names('{"value": 3}') == replies.names("x") == []


@pytest.mark.parametrize(
    ("url", "base", "may"),
    [
        ("https://outlook.office.com/api/v2.0/x?authtoken=y", GRAPH, True),
        ("https://outlook.office365.com/x", GRAPH, True),
        ("https://eu.outlook.office.com:443/x", GRAPH, True),
        ("https://graph.microsoft.com/x", GRAPH, True),
        ("https://partner.outlook.cn/x", CHINA, True),
        ("https://graph.corp.example:8443/x", OWN, True),
        ("http://outlook.office.com/x", GRAPH, False),
        ("https://outlook.office.com:8443/x", GRAPH, False),
        ("https://office.com.evil.example/x", GRAPH, False),
        ("https://eviloffice.com/x", GRAPH, False),
        ("https://user@outlook.office.com/x", GRAPH, False),
        ("https://outlook.office.com/x", OWN, False),
        ("https://evil.example/x", OWN, False),
        ("https://[bad/x", GRAPH, False),
        ("https://outlook.office.com:x/", GRAPH, False),
        ("", GRAPH, False),
    ],
)
def test_where_attachments_may_go(url: str, base: str, may: bool) -> None:
    assert replies.may_upload(url, base) is may


@pytest.mark.parametrize(
    ("status", "headers", "text", "page"),
    [
        (403, {"Content-Type": "text/html"}, "<html>", True),
        (404, {"Content-Type": "text/html"}, "<html>", True),
        (404, {"Content-Type": "text/html", "request-id": "r-1"}, "<html>", False),
        (511, {"Content-Type": "text/html; charset=utf-8"}, "<html>", True),
        (403, {"Content-Type": "text/html", "request-id": "r-1"}, "<html>", False),
        (403, {"Content-Type": "application/json"}, body(code="accessDenied"), False),
        (413, {"Content-Type": "text/html"}, "<html>", False),
        (502, {"Content-Type": "text/html"}, "<html>", False),
    ],
)
def test_a_web_page_in_graphs_place(status: int, headers: dict[str, str], text: str, page: bool) -> None:
    """Graph's own front end shows pages too, with the id of the request; gateways' faults may pass."""
    assert replies.refusal(status, headers, text).page is page
