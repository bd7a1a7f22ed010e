"""The user's own file: the bare settings tree, as the layer `user`. Where the file lies is decided elsewhere."""

from __future__ import annotations

import os
from dataclasses import replace

from dtsconf.errors import Invalid, Notice, Problem
from dtsconf.settings.types import is_absolute
from dtsconf.settings.values import Layer


def user_layer(path: str | None) -> tuple[Layer, list[Problem], list[Notice]]:
    """The file's values, and every problem in it. A file that isn't there is an empty layer; a relative path in it
    counts from its folder."""
    if path is None or not os.path.lexists(path):
        return Layer("user"), [], []
    from dtsconf.settings.document import read_settings_text
    from dtsconf.settings.part import beside
    from dtsconf.settings.trust import plain_reader

    try:
        document = read_settings_text(path, plain_reader(path))
    except Invalid as error:
        return Layer("user"), list(error.problems), []
    values = document.values
    ca_file = values.get("server.ca_file")
    if ca_file and isinstance(ca_file.raw, str) and not is_absolute(ca_file.raw):
        values["server.ca_file"] = replace(ca_file, raw=os.path.abspath(beside(path, ca_file.raw)))
    return Layer("user", values), list(document.problems), []
