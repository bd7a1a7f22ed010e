"""From a password profile for Exchange to Microsoft sign-in: the new profile, what the tenant needs, the proof.

One file of a chain is rewritten, the one that was named: what it inherits stays where it is, and rests in microsoft
mode. Knows no command line; who tests the new profile is handed in.
"""
