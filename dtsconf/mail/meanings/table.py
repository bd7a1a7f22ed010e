"""All rows of what replies mean, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.mail.meanings import google, microsoft, providers, servers, standard, texts

if TYPE_CHECKING:
    from dtsconf.mail.meanings.row import Row

TABLE: tuple[Row, ...] = (
    *texts.FIRST,
    *microsoft.ROWS,
    *google.ROWS,
    *providers.ROWS,
    *servers.ROWS,
    *standard.TELLING,
    *texts.ROWS,
    *standard.ROWS,
)
"""All rows, in the order in which they are tried."""
