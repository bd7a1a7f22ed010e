"""The version of the program; packaging reads it from here too."""

__version__ = "1.2.0"
