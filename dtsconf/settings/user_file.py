"""The user's own file: the bare settings tree, as the layer `user`. Where the file lies is decided elsewhere."""

from __future__ import annotations

import os

from dtsconf.errors import Invalid, Notice, Problem
from dtsconf.settings.values import Layer


def user_layer(path: str | None) -> tuple[Layer, list[Problem], list[Notice]]:
    """The file's values, and every problem in it. A file that isn't there is an empty layer; a relative path in it
    counts from its folder."""
    if path is None or not os.path.lexists(path):
        return Layer("user"), [], []
    from dtsconf.settings.document import read_settings_text
    from dtsconf.settings.part import make_absolute
    from dtsconf.settings.trust import plain_reader

    try:
        document = read_settings_text(path, plain_reader(path))
    except Invalid as error:
        return Layer("user"), list(error.problems), []
    problems = [*document.problems, *make_absolute(document.values, "server.ca_file", path)]
    return Layer("user", document.values), problems, []
