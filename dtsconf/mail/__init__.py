"""The mail conversation: proves settings against a server, step by step, and says what went wrong and what to type.

`verify` and `settle` are the doors; `job` holds what goes in. Nothing here reads profiles, writes files or prints.
"""
