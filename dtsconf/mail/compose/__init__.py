"""Composing a message: from addresses, texts and files to bytes that are never in memory whole.

`draft` says what is to be sent, `message` makes the bytes of it; `addresses`, `bodies`, `plain`, `files` and `archive`
turn what a user names into the parts of a draft. Knows no server, and sends nothing.
"""
