"""Every secret that the settings refer to, fetched and forgotten: `secret check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtsconf.frozen import frozen
from dtsconf.wiring import effective as effective_of, hands, layout_of

if TYPE_CHECKING:
    from dtsconf.errors import Notice
    from dtsconf.secret.check import Tried
    from dtsconf.secret.resolver import Resolver
    from dtsconf.settings.effective import Effective
    from dtsconf.wiring import Inputs


@frozen
class SecretsChecked:
    """How every reference went, the settings they were found in, and what was odd about them."""

    tried: tuple[Tried, ...]
    effective: Effective
    warnings: tuple[Notice, ...] = ()


def check_secrets_of(given: Inputs) -> SecretsChecked:
    """Fetch every secret that the settings refer to, in use or not, and forget it; none is left out for another's sake.

    Raises:
        Invalid: the settings can't be used.
    """
    from dtsconf.secret.check import try_all
    from dtsconf.settings.references import references_in

    effective = effective_of(given, user=True)
    with hands.resolver_of(given, lambda: effective) as resolver:
        tried = try_all(references_in(effective), resolver)
        tried = [_as_sent(one, given, effective, resolver) for one in tried]
    return SecretsChecked(tuple(tried), effective, (*effective.warnings, *resolver.warnings))


def _as_sent(one: Tried, given: Inputs, effective: Effective, resolver: Resolver) -> Tried:
    """How it went for who doesn't apply: such a user sends with what is delivered, and needs no right to its source."""
    from dtsconf.errors import SecretUnavailable
    from dtsconf.machine.lock import may_write_state
    from dtsconf.secret.check import instead

    setting = effective.origin.get(one.wanted.key)
    delivered = setting is not None and setting.layer == "machine" and one.wanted.key in effective.org.delivered
    if one.problem is None or not delivered or may_write_state(layout_of(given.root)):
        return one
    try:
        hands.secret_of(given, effective, resolver, one.wanted.key)
    except SecretUnavailable as error:
        return instead(one, error)
    return instead(one, None)
