"""HTTPS as dtsconf speaks it: our roots, our proxies, an end in time, a bounded answer, and no redirect followed.

    trust     trusted roots and the lowest TLS version, as an SSL context
    proxies   what `connection.proxy` means for an address
    line      one connection: its steps timed, its failures told apart
    session   requests over it, for our own calls, hvac's and msal's
    trouble   why there is no answer, as a value
    answer    what is read out of an answer (pure)
    client    the session as others see it (pure)

Nothing but this package and secret.vault imports requests or urllib3. Knows no service.
"""
