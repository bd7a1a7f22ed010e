"""`vault://MOUNT/PATH#FIELD`: secrets from HashiCorp Vault or OpenBao (KV v1 and v2).

    config    what the profile and VAULT_* variables say, each value with its origin
    tls       trusted roots and the client's certificate as an SSL context
    session   the way to the server (`web`), and what is none of Vault's answers
    login     a token, by one of four methods
    read      finds the mount and reads a path once
    causes    failure -> one clear sentence and the next thing to do (pure)
    backend   puts them together

Nothing outside this package imports hvac.
"""
