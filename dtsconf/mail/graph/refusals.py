"""What Graph's refusals mean: from the error's codes, status and words to cause and hint. Pure; a table of data.

The first row that fits counts. Microsoft advises to go by the codes, not by the message ("Microsoft Graph error
responses and resource types"); the words count only where one code stands for different things. Each row has its page.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from dtsconf.frozen import frozen
from dtsconf.mail.failure import Finding

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
    token is an application's, not a person's."""

    mailbox: str
    sender: str
    application: bool
    large: bool = False


@frozen
class Row:
    """One meaning. `codes` and `status` must fit whole, case aside; `text` is searched in the message. `app_hint`
    replaces the hint when an application sends, `large_hint` when the mail goes by a draft. `source` is the page."""

    cause: str
    hint: str
    source: str
    codes: str = ".*"
    status: str = "..."
    text: str = ""
    app_hint: str = ""
    large_hint: str = ""


_SIGN_IN = "sign in again: dtsconf sign-in"
_APP_TOKEN = "check microsoft.tenant, client_id and the application's secret or certificate"
_GRANT = (
    "in Entra, under App registrations, API permissions: Microsoft Graph, delegated, Mail.Send, and grant consent; then"
    " dtsconf sign-in"
)
_GRANT_APP = (
    'give the application its right for this mailbox alone: New-ManagementRoleAssignment -App ID -Role "Application'
    ' Mail.Send" -CustomResourceScope SCOPE; then Test-ServicePrincipalAuthorization ID -Resource {f.mailbox}'
)
_GRANT_LARGE = "mail over 3 MB goes by a draft, which needs Mail.ReadWrite besides Mail.Send: grant it, or send less"
_SEND_AS = (
    "let it send as that address: Add-RecipientPermission {f.sender} -Trustee {f.mailbox} -AccessRights SendAs; or"
    " --set sender.email to the account's own"
)
_POLICY = (
    "put {f.mailbox} into the policy's group; to look: Test-ApplicationAccessPolicy -Identity {f.mailbox} -AppId ID"
)
_MAILBOX = "give {f.mailbox} an Exchange Online license, or send from another: Get-Mailbox {f.mailbox} tells"
_NOBODY = "check the address {f.mailbox}: sender.email names the mailbox to send from"
_SIZE = "send less, or raise the limit: Set-Mailbox {f.mailbox} -MaxSendSize 150MB"
_LATER = "wait some minutes and try again"

TABLE: tuple[Row, ...] = (
    Row("sender-rejected", _POLICY, POLICY, text=r"AccessPolicy|\[RAOP\]"),
    Row("sender-rejected", _SEND_AS, EWS, codes="ErrorSendAsDenied|ErrorSendOnBehalfOf.*|ErrorImpersonat.*"),
    Row(
        "sender-rejected",
        _MAILBOX,
        ERRORS,
        codes="MailboxNotEnabledForRESTAPI|MailboxNotSupportedForRESTAPI|ErrorMissingEmailAddress|extensionError",
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
        "mailbox-full",
        "make room in the mailbox {f.mailbox}: Graph keeps drafts and sent mail in it",
        EWS,
        codes="ErrorQuotaExceeded|ErrorMailboxQuotaExceeded|quotaLimitReached",
    ),
    Row("mailbox-full", "make room in the mailbox {f.mailbox}", ERRORS, status="507"),
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
        _LATER + "; Exchange Online takes 30 messages a minute and 10,000 recipients a day from a mailbox",
        LIMITS,
        codes="ErrorExceededMessageLimit|ErrorSubmissionQuotaExceeded|ErrorRecipientLimit.*|ErrorMessageLimit.*",
    ),
    Row(
        "rate-limited",
        _LATER,
        THROTTLING,
        codes="ApplicationThrottled|TooManyRequests|activityLimitReached|throttledRequest|ErrorTooManyObjectsOpened"
        "|ErrorExceededConnectionCount|ErrorExceededFindCountLimit",
    ),
    Row("rate-limited", _LATER, THROTTLING, status="429|509"),
    Row(
        "server-error",
        _LATER + "; Microsoft's own state: https://status.cloud.microsoft",
        EWS,
        codes="ErrorServerBusy|serviceNotAvailable|ServiceUnavailable|ErrorInternalServer.*|MailboxInfoStale"
        "|ErrorMailboxMoveInProgress|ErrorMailboxStoreUnavailable|ErrorTimeoutExpired|ErrorIncorrectRoutingHint"
        "|ErrorNotEnoughMemory|ErrorConnectionFailed.*|generalException|UnknownError",
    ),
    Row(
        "server-error",
        "send it again: Microsoft lost the upload",
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
        _GRANT,
        AUTH,
        codes="ErrorAccessDenied|Authorization_RequestDenied|AccessDenied|Forbidden|ErrorItemSavePropertyError"
        "|Authorization_IdentityNotFound|NoPermissionsInAccessToken",
        app_hint=_GRANT_APP,
        large_hint=_GRANT_LARGE,
    ),
    Row("token", _SIGN_IN, AUTH, status="401", app_hint=_APP_TOKEN),
    Row("token", _GRANT, RBAC, status="403", app_hint=_GRANT_APP, large_hint=_GRANT_LARGE),
    Row("sender-rejected", _NOBODY, ERRORS, status="404"),
    Row("content-rejected", "see what it says; ask the administrator of {f.mailbox}", ERRORS, status="4.."),
    Row("server-error", _LATER + "; Microsoft's own state: https://status.cloud.microsoft", ERRORS, status="5.."),
    Row("protocol", "check microsoft.authority and connection.proxy: no Microsoft Graph answers so", ERRORS),
)


def finding(refusal: Refusal, facts: Facts) -> Finding:
    """What it means."""
    row = next(row for row in TABLE if _fits(row, refusal))
    hint = row.hint
    if facts.large and row.large_hint:
        hint = row.large_hint
    elif facts.application and row.app_hint:
        hint = row.app_hint
    return Finding(row.cause, hint.format(f=facts))


def _fits(row: Row, refusal: Refusal) -> bool:
    return (
        _pattern(row.status).fullmatch(str(refusal.status)) is not None
        and (row.codes == ".*" or any(_pattern(row.codes).fullmatch(code) for code in refusal.codes))
        and (not row.text or _pattern(row.text).search(refusal.message) is not None)
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
