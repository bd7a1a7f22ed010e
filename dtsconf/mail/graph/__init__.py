"""Sending by Microsoft Graph: the same mail, handed over by HTTPS instead of SMTP.

    refusals   what Graph's errors mean (pure, with the page that says so)
    replies    Graph's answers taken apart (pure)
    mime       who a message is for, by its own header (pure)
    apart      a large message taken apart into a small one and its attachments (pure)
    opening    the way there: resolve, connect, tls
    talk       one conversation: its token, waits and errors
    upload     an attachment in pieces, resumed
    handing    a message handed over, small or large
    mailer     message after message
    trial      the verification

Graph knows no envelope: it sends to whom the message's header names, so that `mime` sees that both say the same.
"""
