"""The spool: messages that are kept durably and delivered later.

`spool` keeps them, `runner` delivers what is due through a function that it is handed. Knows neither mail nor settings.
"""
