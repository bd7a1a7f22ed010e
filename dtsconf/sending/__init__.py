"""Sending a mail of the user's with the settings that are in force: `dtsconf send` and `dtsconf.send`.

`request` is what the user said, `prepare` makes a message of it that policy allows, `deliver` hands it to the server.
Knows the settings and the mail; nothing here prints.
"""
