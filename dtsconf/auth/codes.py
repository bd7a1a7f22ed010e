"""Microsoft's sign-in errors (AADSTS...), a row a code: what it means here, and what mends it. Data alone.

In a row `{client_id}`, `{tenant}` and `{portal}` are filled in, and what depends on the sign-in (`explain`): `{own}` is
the tenant to name instead, `{mfa}`, `{device}` and `{allowed}` how a person signs in otherwise here, `{keep}` what
keeps a token. Pages of the portal are given as the way to click from its first page. Source of the meanings: Entra
"authentication and authorization error codes" (learn.microsoft.com/entra/identity-platform/reference-error-codes), and
for each code login.microsoftonline.com/error?code=NUMBER; of the remedies: the pages of the portal that they name,
Entra "Conditional Access for workload identities", and the reference of Microsoft Graph PowerShell.
"""

from __future__ import annotations

from typing import Literal

from dtsconf.frozen import frozen


@frozen
class Row:
    """`cause` ends a sentence that starts with the code; `remedy` is the next step, and `who` has to take it: `admin`,
    the organisation's administrator, `user`, whoever signs in, or `profile`, whoever wrote that."""

    cause: str
    remedy: str
    who: Literal["admin", "user", "profile"] = "admin"


_AGAIN = "sign in again: dtsconf sign-in"
_REGISTRATION = "{portal} > App registrations > {client_id}"
_ENTERPRISE = "{portal} > Enterprise applications > {client_id}"
_REDIRECTS = (
    "under Mobile and desktop applications add http://localhost (browser), "
    "ms-appx-web://Microsoft.AAD.BrokerPlugin/{client_id} (broker on Windows) and "
    "msauth.com.msauth.unsignedapp://auth (broker on macOS)"
)
_OWN = (
    "microsoft.client_id must be the Application (client) ID of an app registration in your own organisation's tenant"
)
_PUBLIC = (
    f"{_REGISTRATION} > Authentication > Allow public client flows: Yes; or PowerShell: "
    "Update-MgApplication -ApplicationId OBJECT_ID -IsFallbackPublicClient:$true"
)
_CONSENT = (
    f"{_REGISTRATION} > API permissions > Grant admin consent; for users Microsoft Graph SMTP.Send, or "
    "Microsoft Graph Mail.Send with via: graph"
)
_SIGN_INS = "{portal} > Monitoring & health > Sign-in logs shows the policy under Conditional Access"
_MEMBER = "sign in with an account of that tenant, or name the account's own: {own}"
_SECRET = (
    f"{_REGISTRATION} > Certificates & secrets > New client secret; or PowerShell: Add-MgApplicationPassword "
    "-ApplicationId OBJECT_ID; its Value is what microsoft.client_secret has to give; dtsconf secret check shows where "
    "that comes from: store it anew there"
)
_NO_REDIRECT = Row(
    "the app registration has no redirect address",
    f"{_REGISTRATION} > Authentication: {_REDIRECTS}; {_OWN}",
)
_NO_TOKEN = Row(
    "the assertion is no token (JWT)",
    "microsoft.client_assertion has to give the token as it came, such as the CI system's id token",
    "profile",
)
_FEDERATED = f"{_REGISTRATION} > Certificates & secrets > Federated credentials: issuer, subject and audience must be"

MAKE_PAIR = (
    "make a new pair (openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj '/CN=DTS mail' -keyout APP.key -out "
    "APP.crt)"
)
ENDED = Row(
    "the certificate has expired",
    f"{MAKE_PAIR}; {_REGISTRATION} > Certificates & secrets > Upload certificate: APP.crt; store both where "
    "microsoft.certificate points (dtsconf secret check shows where), and apply again",
)
"""700027 for a certificate that is the app's, and over: by the provider's clock, since ours let it pass."""

ROWS: dict[int, Row] = {
    16000: Row("the account is not in this tenant", _MEMBER, "user"),
    50001: Row("the tenant doesn't know the resource", "Exchange Online has to be licensed there: {portal} > Licenses"),
    50002: Row("a proxy on the network keeps sign-ins to this tenant out", "let the proxy allow tenant {tenant}"),
    50011: Row(
        "the redirect address isn't among those of the app registration",
        f"{_REGISTRATION} > Authentication: {_REDIRECTS}; {_OWN}",
    ),
    50012: Row("the certificate or assertion isn't accepted", f"{_REGISTRATION} > Certificates & secrets: upload it"),
    50020: Row("the account belongs to another directory than this tenant", _MEMBER, "user"),
    50034: Row("the account isn't in this tenant", _MEMBER, "user"),
    50053: Row(
        "the account is locked, or the sign-in came from an address with a bad name",
        "wait and sign in again; {portal} > Monitoring & health > Sign-in logs tells an administrator which of the two",
        "user",
    ),
    50055: Row(
        "the account's password has expired",
        "change it at https://myaccount.microsoft.com, then sign in again",
        "user",
    ),
    50057: Row(
        "the account is disabled",
        "{portal} > Users > (the user) > Account enabled; or PowerShell: "
        "Update-MgUser -UserId ADDRESS -AccountEnabled:$true",
    ),
    50058: Row("nobody is signed in", _AGAIN, "user"),
    50027: _NO_TOKEN,
    50059: Row("nothing tells which tenant is meant", "microsoft.tenant has to name it: {own}", "profile"),
    50072: Row("the account has to set up its second factor first", "https://aka.ms/mfasetup, then sign in", "user"),
    50074: Row("the second factor was not given", "{mfa}", "user"),
    50076: Row("a second factor is asked for (a policy, or a new place)", "{mfa}", "user"),
    50078: Row("the second factor is due again", _AGAIN, "user"),
    50079: Row("the account has to set up its second factor first", "https://aka.ms/mfasetup, then sign in", "user"),
    50089: Row("the sign-in took too long", _AGAIN, "user"),
    50097: Row("the device has to prove itself", "{device}"),
    50105: Row(
        "the app is open to assigned users only, and this one isn't",
        f"{_ENTERPRISE} > Users and groups > Add user; or Properties > Assignment required: No",
    ),
    50126: Row("the user name or password is wrong", _AGAIN, "user"),
    50128: Row("there is no such tenant", "microsoft.tenant has to name yours: {own}", "profile"),
    50131: Row("a Conditional Access policy says no", _SIGN_INS),
    50132: Row("the session ended, since the password changed or expired", _AGAIN, "user"),
    50133: Row("the session ended, since the password changed or expired", _AGAIN, "user"),
    50144: Row("the account's password in Active Directory has expired", "change it there, then sign in again", "user"),
    50155: Row("the device could not prove itself", "dsregcmd /status on that machine tells how it is joined"),
    50158: Row("a check outside of Microsoft was not passed", _AGAIN, "user"),
    50173: Row("an administrator or the user ended all sessions", _AGAIN, "user"),
    50194: Row(
        "the app is for one tenant, and microsoft.tenant names none",
        "name it instead of {tenant}: {own}",
        "profile",
    ),
    50196: Row("this app asked too often in a short time", "wait some minutes{keep}", "user"),
    51004: Row("the account isn't in this tenant", _MEMBER, "user"),
    53000: Row("a policy wants a compliant device, and this one isn't", "enrol it (Intune); {device}"),
    53001: Row("a policy wants a device of the domain, and this one isn't", "{device}"),
    53002: Row("a policy wants an approved app", "exclude this app from that policy: {portal} > Conditional Access"),
    53003: Row("a Conditional Access policy blocks the sign-in", f"{_SIGN_INS}; {{device}}"),
    53004: Row("the account has to set up its second factor first", "https://aka.ms/mfasetup, then sign in", "user"),
    53011: Row("the account is blocked, since it looks taken over", "{portal} > ID Protection > Risky users"),
    54005: Row("the code was used already", _AGAIN, "user"),
    65001: Row("nobody has consented to the app's permission", _CONSENT),
    65004: Row(
        "whoever signed in said no to the app's permission",
        f"sign in again and accept; or an administrator: {_CONSENT}",
        "user",
    ),
    65005: Row("the app registration lacks the permission", _CONSENT),
    70000: Row("the kept session is no longer good", _AGAIN, "user"),
    70001: Row("the app is disabled or unknown in this tenant", f"{_ENTERPRISE} > Properties > Enabled: Yes; {_OWN}"),
    70002: Row(
        "the app registration lets nobody sign in without a secret, or not this kind of account",
        f"{_PUBLIC}; for the kind of account: Supported account types there",
    ),
    70008: Row("the kept session has expired", _AGAIN, "user"),
    70011: Row("the scope is not known", _CONSENT),
    70016: Row("nobody entered the code in time", _AGAIN, "user"),
    70018: Row("the code was typed wrongly, or the sign-in refused", _AGAIN, "user"),
    70019: Row("the code has expired", _AGAIN, "user"),
    70020: Row("the code has expired", _AGAIN, "user"),
    70021: Row("no federated credential of the app fits the assertion", f"{_FEDERATED} those of the CI job's token"),
    70043: Row("a policy wants a new sign-in from time to time", _AGAIN, "user"),
    90002: Row(
        "there is no such tenant",
        "microsoft.tenant has to name yours: {own}; if that is right: it is in another of Microsoft's clouds than "
        "microsoft.authority",
        "profile",
    ),
    90072: Row("the account is not in this tenant", _MEMBER, "user"),
    90094: Row("an administrator has to consent", _CONSENT),
    90095: Row("an administrator has to consent, and a request for it was made", _CONSENT),
    135011: Row("the device is disabled", "{portal} > Devices > All devices > (the device) > Enable"),
    500011: Row(
        "the tenant lacks the resource: Exchange Online isn't there",
        "check microsoft.tenant; PowerShell: New-MgServicePrincipal -AppId 00000002-0000-0ff1-ce00-000000000000",
    ),
    500113: _NO_REDIRECT,
    500014: Row(
        "the resource is disabled in the tenant", "{portal} > Enterprise applications > Office 365 Exchange Online"
    ),
    500021: Row("the network allows sign-ins to chosen tenants only", "let the proxy allow tenant {tenant}"),
    500121: Row("the second factor was refused or timed out", _AGAIN, "user"),
    500133: Row("the assertion is too old or too new", "check this machine's clock, and give a fresh assertion"),
    501051: Row(
        "the service that the app asks for is open to assigned apps only, and this one isn't",
        "{portal} > Enterprise applications > (the service that the answer names) > Properties > Assignment required: "
        f"No; or give the app one of its roles: {_REGISTRATION} > API permissions",
    ),
    530003: Row("a policy wants a managed device", "{device}"),
    530035: Row("security defaults block this kind of sign-in", "leave them on; {allowed}"),
    650052: Row("the organisation has no Exchange Online, or not this permission", "{portal} > Licenses; then sign in"),
    650056: Row("the app registration lists no permission, or nobody consented", _CONSENT),
    650057: Row("the app registration doesn't list the permission", _CONSENT),
    700016: Row(
        "the tenant knows no app with this client ID",
        f"{_OWN} (this is {{tenant}}): {{portal}} > App registrations > Overview; "
        f"there, under Authentication, {_REDIRECTS}",
    ),
    700005: Row(
        "the code or assertion was made for another tenant", "microsoft.tenant has to name that one: {own}", "profile"
    ),
    700009: _NO_REDIRECT,
    700024: Row("the assertion is outside its time", "check this machine's clock"),
    700025: Row("the app is a public client, and a secret was sent", f"{_REGISTRATION} > Authentication: platform Web"),
    700027: Row("the certificate isn't the app's", f"{_REGISTRATION} > Certificates & secrets > Upload certificate"),
    700030: Row("the certificate's name isn't accepted", f"{_REGISTRATION} > Certificates & secrets > Certificates"),
    700082: Row("the kept session was not used for too long", _AGAIN, "user"),
    700211: Row("no federated credential of the app has this issuer", f"{_FEDERATED} those of the CI job's token"),
    700212: Row("no federated credential of the app has this audience", f"{_FEDERATED} those of the CI job's token"),
    700213: Row("no federated credential of the app has this subject", f"{_FEDERATED} those of the CI job's token"),
    7000112: Row("the app is disabled", f"{_ENTERPRISE} > Properties > Enabled for users to sign in: Yes"),
    7000114: Row("the app may not use this way to sign in", _PUBLIC),
    7000215: Row("the client secret is wrong (its Value is wanted, not its Secret ID)", _SECRET),
    7000216: Row("a secret, certificate or assertion is wanted", "give one of microsoft.client_secret and its like"),
    7000218: Row("the app registration doesn't allow sign-in without a secret", _PUBLIC),
    7000222: Row("the client secret has expired", _SECRET),
    7000229: Row(
        "the app has no service principal in the tenant",
        "PowerShell: New-MgServicePrincipal -AppId {client_id}",
    ),
    7000012: Row(
        "the session was made in another tenant",
        "name that of the account: {own}, then: dtsconf sign-out, dtsconf sign-in",
        "user",
    ),
    900021: Row(
        "microsoft.tenant is no tenant that could be signed in to",
        "microsoft.tenant has to name yours: {own}",
        "profile",
    ),
    900023: Row("microsoft.tenant is no tenant", "microsoft.tenant has to name yours: {own}", "profile"),
    900971: _NO_REDIRECT,
    5000811: Row(
        "the signature isn't by a key that the identity provider knows",
        f"of a certificate: {_REGISTRATION} > Certificates & secrets > Upload certificate; of an assertion: the issuer "
        "has to publish the key that it signs with",
    ),
    5002710: _NO_TOKEN,
    9002325: Row("the sign-in lacked its proof (PKCE)", _AGAIN, "user"),
    9002326: Row(
        "http://localhost is registered for a single-page app",
        f"{_REGISTRATION} > Authentication: take it out there, and {_REDIRECTS}",
    ),
}
"""By the number behind AADSTS."""

LOGS = "{portal} > Monitoring & health > Sign-in logs > Service principal sign-ins tells what was refused, and why"
"""Where an administrator sees what became of an application's sign-in."""

_WORKLOAD = Row(
    "a Conditional Access policy for workload identities blocks the application",
    "{portal} > Conditional Access > Policies: let that policy except this machine's address (Named locations) or this "
    f"application; {LOGS}",
)

APPLICATION: dict[int, Row] = {
    **dict.fromkeys((50097, 50131, 53000, 53001, 53002, 53003, 53004, 530003), _WORKLOAD),
    530035: Row(
        "the organisation's security defaults block the application",
        f"{LOGS}; the defaults are at {{portal}} > Overview > Properties > Manage security defaults, and know no "
        "exceptions: who needs one has Conditional Access policies take their place",
    ),
    50196: Row(
        "this app asked too often in a short time",
        "wait some minutes; every run asks for a token of its own, so let one run send many mails: with --queue, then "
        "dtsconf queue run",
        "profile",
    ),
    70002: Row("the client's secret is wrong", _SECRET),
    700016: Row(
        "the tenant knows no app with this client ID",
        f"{_OWN} (this is {{tenant}}): {{portal}} > App registrations > (the app) > Overview",
    ),
    7000114: Row("the app may not use this way to sign in", LOGS),
    7000218: Row(
        "no proof of the app came along",
        "one of microsoft.client_secret, microsoft.certificate and microsoft.client_assertion has to give it; a "
        "proxy that changes what goes through it would do the same",
        "profile",
    ),
}
"""What they mean for an application, where that is something else: it is no person and sits at no machine."""

PLACEHOLDER = Row(
    "microsoft.client_id is still the placeholder",
    "write the Application (client) ID of the app registration there, {portal} > App registrations > (the app) > "
    "Overview: --set microsoft.client_id=ID",
    "profile",
)
"""For 700016, where the client ID is nothing but zeros."""
