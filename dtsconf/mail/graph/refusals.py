"""What Graph's refusals mean: from the error's codes, status and words to cause and hint. Pure; a table of data.

The first row that fits counts. Microsoft advises to go by the codes, not by the message ("Microsoft Graph error
responses and resource types"); the words count only where one code stands for different things. Each row has its page.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from dtsconf.frozen import frozen
from dtsconf.mail import rights
from dtsconf.mail.failure import Finding
from dtsconf.times import in_words

if TYPE_CHECKING:
    from dtsconf.mail.graph.replies import Refusal

_LEARN = "https://learn.microsoft.com/"
ERRORS = _LEARN + "graph/errors"
AUTH = _LEARN + "graph/resolve-auth-errors"
EWS = _LEARN + "exchange/client-developer/web-service-reference/responsecode"
LARGE = _LEARN + "graph/outlook-large-attachments"
LIMITS = _LEARN + "office365/servicedescriptions/exchange-online-service-description/exchange-online-limits"
POLICY = _LEARN + "graph/auth-limit-mailbox-access"
RBAC = _LEARN + "exchange/permissions-exo/application-rbac"
SEND_MAIL = _LEARN + "graph/api/user-sendmail"
THROTTLING = _LEARN + "graph/throttling"


class Facts(NamedTuple):
    """What hints name. `mailbox` is where the mail is sent from, `sender` the address it is from; `application`: the
    token is an application's, not a person's; `large`: the mail goes by a draft; `client` is the client ID, `wait` the
    seconds that Graph asks to wait, 0 for none; `upload`: it is an upload's address that refuses, which knows no token
    and no mailbox."""

    mailbox: str
    sender: str
    application: bool
    large: bool = False
    client: str = ""
    wait: float = 0
    upload: bool = False

    @property
    def later(self) -> str:
        """When to try again."""
        time = f"wait {in_words(self.wait)}, as Microsoft asks," if self.wait else "wait some minutes"
        return f"{time} and try again"

    @property
    def grant(self) -> str:
        """How whoever sends gets the right that is missing."""
        why = "mail over 3 MB goes by a draft, which needs Mail.ReadWrite besides Mail.Send: " if self.large else ""
        if not self.application:
            return why + rights.of_person("Mail.ReadWrite" if self.large else "Mail.Send")
        role = rights.BY_DRAFT if self.large else rights.BY_GRAPH
        return why + rights.of_application(role, self.client, self.mailbox)

    @property
    def send_as(self) -> str:
        """What to do where the mailbox may not send as the sender."""
        if self.mailbox.casefold() == self.sender.casefold():
            return rights.not_its_own(self.mailbox)
        return rights.send_as(self.sender, self.mailbox)

    @property
    def larger(self) -> str:
        """What lets the mailbox send larger mail."""
        return rights.larger(self.mailbox)


@frozen
class Row:
    """One meaning. `codes` and `status` must fit whole, case aside; `text` is searched in the message. `own`: only an
    answer of Graph's own has it. `app_hint` replaces the hint when an application sends. `source` is the page.
    `account`: see `Finding`."""

    cause: str
    hint: str
    source: str
    codes: str = ".*"
    status: str = "..."
    text: str = ""
    own: bool = False
    app_hint: str = ""
    account: bool = False


_SIGN_IN = "sign in again: dtsconf sign-in"
_APP_TOKEN = (
    "tenant, client ID and the application's secret or certificate are right, since the sign-in server has just taken"
    " them: Graph refuses the token itself. Try again in some minutes; if it stays, the Entra administrator looks"
    " whether the application is still enabled (Enterprise applications > {f.client} > Properties), or asks Microsoft's"
    " support, with the request-id"
)
_POLICY = (
    "put {f.mailbox} into the policy's group (a change may take over an hour); to look: Test-ApplicationAccessPolicy"
    " -Identity {f.mailbox} -AppId {f.client}"
)
_MAILBOX = "give {f.mailbox} an Exchange Online license, or send from another: Get-Mailbox {f.mailbox} tells"
_NOBODY = "check the address {f.mailbox}: sender.email names the mailbox to send from"
_FULL = "make room in the mailbox {f.mailbox}, which the mail is sent from: Graph keeps drafts and sent mail in it"
_SIZE = "send less, or raise the limit: {f.larger}"
_LOST = "send it again: Microsoft lost the upload"
_STATE = "{f.later}; Microsoft's own state: https://status.cloud.microsoft"

TABLE: tuple[Row, ...] = (
    Row("sender-rejected", _POLICY, POLICY, text=r"AccessPolicy|\[RAOP\]", account=True),
    Row("sender-rejected", "{f.send_as}", EWS, codes="ErrorSendAsDenied|ErrorSendOnBehalfOf.*|ErrorImpersonat.*"),
    Row(
        "sender-rejected",
        _MAILBOX,
        ERRORS,
        codes="MailboxNotEnabledForRESTAPI|MailboxNotSupportedForRESTAPI|ErrorMissingEmailAddress|extensionError",
        account=True,
    ),
    Row(
        "sender-rejected",
        _NOBODY,
        EWS,
        codes="ErrorNonExistentMailbox|ErrorInvalidUser|ErrorInvalidUserPrincipalName|Request_ResourceNotFound"
        "|ResourceNotFound|ErrorInvalidMailbox|ErrorUserNotFound",
    ),
    Row(
        "sender-rejected",
        "unblock {f.mailbox} on the page of restricted users in Defender: it sent too much or was misused",
        LIMITS,
        codes="ErrorMessageSubmissionBlocked|ErrorSenderBlocked",
        account=True,
    ),
    Row(
        "auth-disabled",
        "the account of {f.mailbox} is switched off: ask its administrator",
        EWS,
        codes="ErrorAccountDisabled|AccountDisabled|ErrorAccountSuspend.*",
    ),
    Row(
        "recipient-rejected",
        "check the addresses of the recipients",
        EWS,
        codes="ErrorInvalidRecipients|ErrorMissingRecipients",
    ),
    Row(
        "too-large",
        _SIZE,
        EWS,
        codes="ErrorMessageSizeExceeded|ErrorAttachmentSizeLimitExceeded|ErrorContentSizeExceeded|RequestEntityTooLarge"
        "|ErrorAttachmentSizeShouldNotBe.*|maxFileSizeExceeded|maxStreamSizeExceeded|maxFragmentLengthExceeded",
    ),
    Row("too-large", _SIZE, ERRORS, status="413"),
    Row(
        "sender-rejected",
        _FULL,
        EWS,
        codes="ErrorQuotaExceeded|ErrorMailboxQuotaExceeded|quotaLimitReached",
        account=True,
    ),
    Row("sender-rejected", _FULL, ERRORS, status="507", own=True, account=True),
    Row(
        "content-rejected",
        "take out the attachment that is named or suspected",
        ERRORS,
        codes="malwareDetected|virusSuspicious|ErrorVirus.*|ErrorAttachment.*Blocked",
    ),
    Row(
        "content-rejected",
        "this looks like a fault of dtsconf's: dtsconf doctor --bundle, and report it",
        SEND_MAIL,
        codes="ErrorMimeContent.*|ErrorContentConversion.*|ErrorInvalidRequest|RequestBodyRead",
    ),
    Row(
        "rate-limited",
        "{f.later}; Exchange Online takes 30 messages a minute and 10,000 recipients a day from a mailbox",
        LIMITS,
        codes="ErrorExceededMessageLimit|ErrorSubmissionQuotaExceeded|ErrorRecipientLimit.*|ErrorMessageLimit.*",
    ),
    Row(
        "rate-limited",
        "{f.later}",
        THROTTLING,
        codes="ApplicationThrottled|TooManyRequests|activityLimitReached|throttledRequest|ErrorTooManyObjectsOpened"
        "|ErrorExceededConnectionCount|ErrorExceededFindCountLimit",
    ),
    Row("rate-limited", "{f.later}", THROTTLING, status="429|509"),
    Row(
        "server-error",
        _STATE,
        EWS,
        codes="ErrorServerBusy|serviceNotAvailable|ServiceUnavailable|ErrorInternalServer.*|MailboxInfoStale"
        "|ErrorMailboxMoveInProgress|ErrorMailboxStoreUnavailable|ErrorTimeoutExpired|ErrorIncorrectRoutingHint"
        "|ErrorNotEnoughMemory|ErrorConnectionFailed.*|generalException|UnknownError",
    ),
    Row(
        "server-error",
        _LOST,
        LARGE,
        codes="uploadSession.*|invalidRange|fragment.*|ErrorItemNotFound|itemNotFound",
        status="4..",
    ),
    Row(
        "token",
        _SIGN_IN,
        AUTH,
        codes="InvalidAuthenticationToken|unauthenticated|AuthenticationError|TokenNotFound|CompactToken.*|.*Expired",
        app_hint=_APP_TOKEN,
    ),
    Row(
        "token",
        "{f.grant}",
        AUTH,
        codes="ErrorAccessDenied|Authorization_RequestDenied|AccessDenied|Forbidden|ErrorItemSavePropertyError"
        "|Authorization_IdentityNotFound|NoPermissionsInAccessToken",
    ),
    Row("token", _SIGN_IN, AUTH, status="401", app_hint=_APP_TOKEN),
    Row("token", "{f.grant}", RBAC, status="403"),
    Row("sender-rejected", _NOBODY, ERRORS, status="404", own=True),
    Row("server-error", _STATE, ERRORS, status="408|409|423"),  # passes: a time-out, another's change, a lock
    Row("content-rejected", "see what it says; ask the administrator of {f.mailbox}", ERRORS, status="4..", own=True),
    Row("server-error", _STATE, ERRORS, status="5.."),
    Row("protocol", "check microsoft.authority and connection.proxy: no Microsoft Graph answers so", ERRORS),
)


_CLOSED = (401, 403, 404, 410)
"""What an upload's address says that lets nobody in any more, or isn't there: it is a credential of its own."""


def finding(refusal: Refusal, facts: Facts) -> Finding:
    """What it means."""
    row = next(row for row in TABLE if _fits(row, refusal))
    if facts.upload and refusal.status in _CLOSED and (row.codes == ".*" or row.cause == "token"):
        return Finding("server-error", _LOST)
    hint = (facts.application and row.app_hint) or row.hint
    return Finding(row.cause, hint.format(f=facts), row.account)


def _fits(row: Row, refusal: Refusal) -> bool:
    return (
        _pattern(row.status).fullmatch(str(refusal.status)) is not None
        and (row.codes == ".*" or any(_pattern(row.codes).fullmatch(code) for code in refusal.codes))
        and (not row.text or _pattern(row.text).search(refusal.message) is not None)
        and (refusal.graphs_own or not row.own)
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
