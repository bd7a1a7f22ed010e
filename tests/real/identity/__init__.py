"""Microsoft sign-in without Microsoft: an OpenID provider, a mail server that takes its tokens, and a browser."""
