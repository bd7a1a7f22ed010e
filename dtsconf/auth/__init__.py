"""Signing in with a Microsoft identity, or another OpenID provider's: flows, token cache, what an error means.

The only importer of msal, which is loaded when a token has to be got: one that is held and still good costs no import
and no request. Knows no mail, no layout of the machine and no terminal: folders, secrets and the person who signs in
(`person.Person`) are handed in. Tokens, codes and secrets are in no message, log or record.
"""
