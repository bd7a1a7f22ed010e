"""Replies of Gmail and Google Workspace, in their own words. Data only."""

from __future__ import annotations

from dtsconf.mail.meanings import accounts, hints
from dtsconf.mail.meanings.row import AUTH, CONTENT, LATER, SENDING, Row

CODES = "Google Workspace: Gmail SMTP errors and codes (support.google.com/a/answer/3726730)"
RELAY = "Google Workspace: SMTP relay service error messages (support.google.com/a/answer/6140680)"

ROWS: tuple[Row, ...] = (
    Row(
        "auth-rejected",
        accounts.APP_PASSWORD,
        CODES,
        AUTH,
        enhanced=r"5\.7\.[189]",
        text="application-specific password",
    ),
    Row(
        "auth-rejected",
        hints.GOOGLE_PASSWORD,
        CODES,
        AUTH,
        enhanced=r"5\.7\.[18]",
        text="username and password not acc",
    ),
    Row("auth-rejected", accounts.BROWSER, CODES, AUTH, enhanced=r"5\.7\.(1|9|14)", text="web browser"),
    Row("rate-limited", accounts.LOCKED_OUT, CODES, AUTH, enhanced=r"4\.7\.0", text="too many login attempts"),
    Row("rate-limited", accounts.QUOTA, CODES, enhanced=r"5\.4\.5|5\.7\.1", text="daily .{0,30}(limit|quota) exceeded"),
    Row("rate-limited", hints.CROWDED, CODES, LATER, enhanced=r"[45]\.2\.1", text="trying to contact is receiving"),
    Row(
        "rate-limited", hints.SLOWER, CODES, enhanced=r"[45]\.2\.1", text="too quickly|at a rate|peak smtp relay limit"
    ),
    Row("rate-limited", hints.SLOWER, CODES, enhanced=r"[45]\.7\.(0|1|28)", text="unusual rate|rate limited"),
    Row("blocked", hints.NAME, RELAY, enhanced=r"4\.7\.0", text="try again later, closing connection"),
    Row("blocked", hints.NAME, CODES, enhanced=r"5\.5\.4", text="helo/ehlo argument"),
    Row("blocked", hints.LISTED, CODES, enhanced=r"4\.7\.0", text="not in whitelist"),
    Row(
        "blocked",
        hints.LISTED,
        CODES,
        enhanced=r"[45]\.7\.[01]",
        text="not authorized to send email directly|low reputation",
    ),
    Row(
        "blocked",
        hints.RELAY_REGISTER,
        RELAY,
        SENDING,
        enhanced=r"5\.7\.[01]",
        text="mail relay denied|credentials for relay",
        login_hint=hints.REGISTER,
    ),
    Row("sender-rejected", accounts.DISABLED, CODES, SENDING, enhanced=r"5\.7\.0", text="mail sending denied"),
    Row(
        "sender-rejected",
        hints.SPF,
        CODES,
        SENDING,
        enhanced=r"[45]\.7\.(24|26|27|30|32)",
        text="spf|dkim|dmarc|unauth",
    ),
    Row(
        "content-rejected", hints.FILTER, CODES, CONTENT, enhanced=r"5\.7\.0", text="illegal attachment|security issue"
    ),
    Row(
        "content-rejected", hints.FILTER, CODES, CONTENT, enhanced=r"[45]\.7\.[01]", text="unsolicited mail|suspicious"
    ),
    Row(
        "content-rejected", hints.POLICY, CODES, SENDING, enhanced=r"5\.7\.1", text=r"\bpolic(y|ies) that|email policy"
    ),
)
