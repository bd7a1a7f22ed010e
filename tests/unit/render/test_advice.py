from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dtsconf.errors import Option, Place
from dtsconf.mail.causes import of_reply
from dtsconf.mail.reply import Reply
from dtsconf.render import advice, keeping, proposals
from dtsconf.render.call import Call
from dtsconf.render.proposal import Proposal
from dtsconf.settings.policy import Rule
from dtsconf.settings.values import LayerName
from tests.unit.machine.world import LOGIN, WORKING, effective, place
from tests.unit.mail.test_causes import FACTS


@pytest.mark.parametrize(
    ("hint", "settings"),
    [
        ("use the way that works: --set server.port=587 --set server.encryption=starttls (tried)", ["server.port=587", "server.encryption=starttls"]),
        ("--set server.encryption=starttls, or tls on port 465", ["server.encryption=starttls"]),
        ("one: --set server.port=587; or --set login.required=false", ["server.port=587"]),
        ("--set sender.email=ADDRESS", []),
        ("once it is confirmed: --set server.fingerprint=ab12", []),
        ("--set server.ca_file=/PATH/TO/ROOTS.pem", []),
        ("through a proxy: --set connection.proxy=http://PROXY:PORT", []),
        ("take --set server.port=587. Or ask", ["server.port=587"]),
        ("log in: --set login.required=true --set server.encryption=starttls, with login.username", []),
        ("--set login.username=lab --set login.password=file:///PATH (a file)", []),
        ("--set mode=microsoft, with microsoft.client_id", []),
        ("wait ten minutes, then dtsconf test again", []),
        (None, []),
    ],
)  # fmt: skip
def test_only_what_can_be_pasted_as_it_stands(hint: str | None, settings: list[str]) -> None:
    assert [f"{each.key}={each.value}" for each in proposals.first(hint, None)] == settings
    assert bool(advice.text(hint, Call())) == bool(settings)


def test_the_full_stop_of_a_sentence_is_no_part_of_a_value() -> None:
    hint = "as a PEM file: --set server.ca_file=/PATH/TO/ROOTS.pem. Or have it confirmed"
    locked = effective(WORKING, locks=("server",))
    assert "ca_file: /PATH/TO/ROOTS.pem beside" in advice.told(hint, Call(), locked)
    assert "(locked, so --set can't). Or have it confirmed" in advice.told(hint, Call(), locked)


def test_what_is_in_force_is_nothing_to_try() -> None:
    given = effective({**WORKING, "server.port": 25})
    assert advice.text("--set server.port=25", Call(), given) == ""
    assert advice.text("--set server.port=25 --set server.encryption=none", Call(), given).startswith("try:")


def test_the_words_of_the_call_are_kept() -> None:
    call = Call("my site.yaml", None, ("server.host=a b", "server.port=25"), ("--level", "connect"))
    text = advice.text("--set server.port=587", call)
    command = "dtsconf test --level connect --profile 'my site.yaml' --set 'server.host=a b' --set server.port=587\n"
    assert command in text, "and no key twice"
    assert text.endswith("  # in the profile, below settings\n  server: {port: 587}\n")


def test_controls_are_escaped() -> None:
    assert "\x1b" not in advice.text("--set server.host=\x1b[31m", Call())


BETTER = "use the way that works: --set server.port=465 --set server.encryption=tls (tried just now)"


def test_what_a_lock_holds_is_told_as_what_to_edit() -> None:
    locked = effective({**WORKING, "server.port": 25}, locks=("server",))
    text = advice.told(BETTER, Call("site.yaml"), locked)
    assert "--set server" not in text
    assert "edit /srv/site.yaml:4:3 to port: 465 (locked, so --set can't)" in text
    assert "edit /srv/site.yaml:2:3 to encryption: tls (locked, so --set can't) (tried just now)" in text
    assert advice.text(BETTER, Call("site.yaml"), locked) == "then: dtsconf test --profile site.yaml\n"


def test_a_blank_on_a_locked_key_is_told_as_what_to_edit() -> None:
    locked = effective(locks=("sender.email",))
    text = advice.told("use one that it knows, --set sender.email=ADDRESS", Call(), locked)
    assert text == "use one that it knows, edit /srv/site.yaml:3:3 to email: ADDRESS (locked, so --set can't)"
    assert advice.text("--set sender.email=ADDRESS", Call(), locked) == ""


@pytest.mark.parametrize(
    ("rule", "key", "value", "free"),
    [
        (Rule("server.encryption", "one_of", ("none", "starttls"), None, place(20)), "server.encryption", "tls", False),
        (
            Rule("server.encryption", "one_of", ("none", "starttls"), None, place(20)),
            "server.encryption",
            "starttls",
            True,
        ),
        (Rule("server.port", "one_of", (25, 587), None, place(20)), "server.port", "587", True),
        (Rule("server.port", "max", 100, None, place(20)), "server.port", "587", False),
        (Rule("server.port", "max", 100, None, place(20)), "server.port", "many", False),
    ],
)
def test_what_a_rule_forbids_is_not_proposed(rule: Rule, key: str, value: str, free: bool) -> None:
    ruled = effective({**WORKING, "server.port": 25, "server.encryption": "none"}, rules=(rule,))
    hint = f"try: --set {key}={value}"
    assert (advice.told(hint, Call(), ruled) == hint) == free
    assert advice.text(hint, Call(), ruled).startswith("try:") == free
    assert ("/srv/site.yaml:20:3" in advice.told(hint, Call(), ruled)) == (not free)


LONGER = "give it longer: --set connection.timeout=60 (a filter may hold it back)"


@pytest.mark.parametrize(("now", "most", "proposed"), [(4, 10, "10"), (10, 10, None), (4, 90, "60")])
def test_as_far_as_a_rule_lets_it_go(now: int, most: int, proposed: str | None) -> None:
    rule = Rule("connection.timeout", "max", most, None, place(20))
    ruled = effective({**WORKING, "connection.timeout": now}, rules=(rule,))
    told, typed = advice.told(LONGER, Call(), ruled), advice.text(LONGER, Call(), ruled)
    if proposed is None:
        assert "it must be at most 10" in told
        assert typed == ""
    else:
        assert told == LONGER.replace("60", proposed)
        assert f"--set connection.timeout={proposed}\n" in typed


def test_what_may_not_be_set_at_all_is_not_proposed_with_a_blank() -> None:
    rule = Rule("server.ca_file", "present", False, "system roots only", place(20))
    ruled = effective(WORKING, rules=(rule,))
    told = advice.told("as a PEM file: --set server.ca_file=/PATH/TO/ROOTS.pem. Or have it confirmed", Call(), ruled)
    assert "--set" not in told
    assert "the organisation's rule at /srv/site.yaml:20:3 forbids it: it must not be set" in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("x.example",), "--set server.host=NAME (it must be one of 'mail.acme.example', 'x.example', by the"),
        ((), "forbids it: it must be 'mail.acme.example'; so that has to change first"),
    ],
)
def test_what_a_rule_leaves_for_a_blank_is_told(more: tuple[str, ...], told: str) -> None:
    rule = Rule("server.host", "one_of", ("mail.acme.example", *more), None, place(20))
    text = advice.told("check the spelling: --set server.host=NAME", Call(), effective(WORKING, rules=(rule,)))
    assert told in text
    assert "rule at /srv/site.yaml:20:3" in text
    assert ("--set" in text) == bool(more)


def test_a_rule_in_the_way_has_to_change_before_anything_is_typed() -> None:
    rule = Rule("server.encryption", "none_of", ("none",), None, place(20))
    ruled = effective({**WORKING, "server.port": 25}, rules=(rule,))
    hint = "use the way that works: --set server.port=25 --set server.encryption=none"
    told = advice.told(hint, Call(), ruled)
    words = (
        "the organisation's rule at /srv/site.yaml:20:3 forbids it: it must not be 'none'; so that has to change first"
    )
    assert words in told
    assert "edit" not in told
    assert "port" not in told.partition("rule")[0], "it is 25 already"
    assert advice.text(hint, Call(), ruled) == ""


CLEAR = "--set server.port=25 --set server.encryption=none --set server.allow_cleartext_login=true"


def test_what_only_the_profile_may_say_is_told_as_what_to_write_there() -> None:
    given = effective({**WORKING, "server.port": 587})
    told = advice.told(f"or in clear: {CLEAR}", Call("site.yaml"), given)
    assert "edit /srv/site.yaml:4:3 to port: 25 and " in told
    assert "write allow_cleartext_login: true beside line 1 of /srv/site.yaml (only the profile may say it)" in told
    assert "--set" not in told
    assert advice.text(CLEAR, Call("site.yaml"), given) == "then: dtsconf test --profile site.yaml\n"


def test_an_option_in_the_place_of_the_right_value_is_left_out() -> None:
    right = effective({**WORKING, "server.port": 25})
    option = replace(right.origin["server.port"], value=587, layer="command line", where=Option("--set server.port"))
    given = replace(right, origin={**right.origin, "server.port": option})
    call = Call("site.yaml", None, ("server.port=587", "server.host=x"))
    assert "leave --set server.port out and " in advice.told(CLEAR, call, given)
    assert advice.text(CLEAR, call, given) == "then: dtsconf test --profile site.yaml --set server.host=x\n"


def test_a_hint_about_the_password_ends_in_what_stores_it_anew() -> None:
    hint = "the password is wrong: dtsconf secret check shows where it comes from"
    filed = advice.told(hint, Call(), effective(LOGIN))
    assert filed.startswith(f"{hint}; store it anew: (")
    assert filed.endswith("install -D -m 600 /dev/stdin /etc/secret)")
    kept = effective({**LOGIN, "login.password": "keyring://dts/lab user"})
    assert advice.told(hint, Call(), kept).endswith("; store it anew: dtsconf secret set 'keyring://dts/lab user'")
    further = advice.told(f"{hint}, or logins are off; then ask", Call(), effective(LOGIN))
    assert "; then ask; to store the password anew: (" in further, "nobody knows there what it is"
    given = effective({**LOGIN, "login.password": "env://PW"})
    assert advice.told(hint, Call(), given) == f"{hint}; set PW anew for this run"
    machine = {key: replace(one, layer="machine") for key, one in kept.origin.items()}
    told = advice.told(hint, Call(), replace(kept, origin=machine))
    assert told.endswith("; then dtsconf apply --profile FILE"), "the machine holds a copy"
    refused = str(of_reply("auth", Reply(535, ("no",)), FACTS).hint)
    assert advice.told(refused, Call(), kept).count("anew") == 1
    assert advice.told(refused, Call(), given).endswith("; set PW anew for this run"), "no other place to look into"
    assert "secret check" not in advice.told(f"{refused}; or wait", Call(), given)
    assert advice.told(f"{refused}; or wait", Call(), given).endswith("; set PW anew for this run; or wait")
    assert "anew" not in advice.told("wait, then dtsconf test again", Call(), kept)


def test_what_a_machine_takes_over_is_applied_as_well() -> None:
    base = effective({**WORKING, "server.port": 25})
    machine = replace(base, origin={key: replace(one, layer="machine") for key, one in base.origin.items()})
    text = advice.text("--set server.port=587", Call(None, "/r"), machine)
    assert text.endswith("  # and then\n  dtsconf apply --profile FILE --root /r\n")
    assert "apply" not in advice.text("--set server.port=587", Call("site.yaml"), base)
    origin = {**machine.origin, "server.port": replace(machine.origin["server.port"], layer="environment")}
    both = "--set server.port=587 --set server.encryption=starttls"
    assert "apply" not in advice.text(both, Call(), replace(machine, origin=origin)), "the encryption is so already"


def test_what_is_so_already_is_not_to_be_kept() -> None:
    text = advice.text(BETTER, Call("site.yaml"), effective({**WORKING, "server.port": 465}))
    assert "--set server.port=465" in text.splitlines()[0]
    assert text.splitlines()[-1].strip() == "/srv/site.yaml:2:3  encryption: tls"


def test_what_worked_goes_to_the_layer_that_gives_the_value() -> None:
    above = effective({**WORKING, "server.port": 25}, environment={"server.port": 2})
    text = advice.text("--set server.port=465 --set server.encryption=tls", Call(), above)
    lines = text.splitlines()[2:]
    assert lines == [
        "  export DTS_EMAIL_SERVER__PORT=465",
        "  /srv/site.yaml:2:3  encryption: tls",
    ]


@pytest.mark.parametrize(
    ("layer", "lines"),
    [
        ("user", ["  /srv/site.yaml:2:3  encryption: tls"]),
        ("machine", ["  # in the profile, below settings", "  server: {encryption: tls}"]),
    ],
)
def test_what_is_kept_fits_the_file_of_its_layer(layer: LayerName, lines: list[str]) -> None:
    base = effective()
    given = replace(base, origin={key: replace(one, layer=layer) for key, one in base.origin.items()})
    assert keeping.kept([Proposal("server.encryption", "tls")], given).splitlines() == lines


def test_what_stands_nowhere_yet_goes_into_its_section_or_comes_with_it() -> None:
    base = effective()
    without = replace(base.origin["server.port"], layer="default", where=None)
    given = replace(base, origin={**base.origin, "server.port": without})
    assert keeping.kept([Proposal("server.port", "587")], given).splitlines() == [
        "  # in /srv/site.yaml, beside line 1",
        "  port: 587",
    ]
    assert keeping.kept([Proposal("login.required", "true")], given).splitlines() == [
        "  # in the profile, below settings",
        "  login: {required: true}",
    ]


BLOCK = "settings:\n    server:\n        host:     a.example\n        # who\n        ca_file: ca.pem\n    login:\n        required: true\n"
BRACES = "settings:\n  server: {host: a.example,\n    ca_file: ca.pem}\n  login: {required: true}\n"
TOP = "settings: {server: {host: a.example, ca_file: ca.pem}, login: {required: true}}\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (BLOCK, ["  # in P, as a new line below line 5", "        port: 587", "  # in P, as a new line below line 7", "    connection: {timeout: 60}"]),
        (BRACES, ["  # in P, within the braces on line 2", "  port: 587", "  # in P, as a new line below line 4", "  connection: {timeout: 60}"]),
        (TOP, ["  # in P, within the braces on line 1", "  port: 587", "  # in P, within the braces on line 1", "  connection: {timeout: 60}"]),
    ],
)  # fmt: skip
def test_a_new_line_is_shown_with_the_blanks_that_it_needs(tmp_path: Path, text: str, lines: list[str]) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    base = effective()
    place_there = replace(base.origin["server.host"], where=Place(str(path), 3, 9))
    unset = {
        key: replace(base.origin[key], layer="default", where=None) for key in ("server.port", "server.encryption")
    }
    given = replace(
        base, origin={**base.origin, **unset, "server.host": place_there}, org=replace(base.org, files=(str(path),))
    )
    kept = keeping.kept([Proposal("server.port", "587"), Proposal("connection.timeout", "60")], given)
    assert kept.replace(str(path), "P").splitlines() == lines


def test_a_variable_in_the_way_of_the_right_value_goes() -> None:
    above = effective({**WORKING, "server.port": 465}, environment={"server.port": 2})
    kept = keeping.kept([Proposal("server.port", "465")], above)
    assert kept == "  unset DTS_EMAIL_SERVER__PORT  # the value below it is this one\n"
    usual = effective(environment={"server.port": 25})
    kept = keeping.kept([Proposal("server.port", "587")], usual)
    assert kept == "  unset DTS_EMAIL_SERVER__PORT  # the value below it is this one\n"
    own = replace(usual.origin["server.port"], layer="user", where=Place("/home/a/email.yaml", 2, 9))
    users = replace(usual, origin={**usual.origin, "server.port": own})
    kept = keeping.kept([Proposal("server.port", "587")], users)
    group = "server: above it as well if nothing else is left there"
    assert kept == f"  # take server.port out of /home/a/email.yaml:2:9, and {group}: the value below it is this one\n"
    host = replace(usual.origin["server.host"], layer="user", where=Place("/home/a/email.yaml", 3, 9))
    beside = replace(usual, origin={**usual.origin, "server.port": own, "server.host": host})
    kept = keeping.kept([Proposal("server.port", "587")], beside)
    assert kept == "  # take server.port out of /home/a/email.yaml:2:9: the value below it is this one\n"


def test_what_is_to_be_kept_is_yaml_for_the_settings() -> None:
    """Texts that YAML reads otherwise are quoted; what --set gave is an option again."""
    proposed = [Proposal("login.username", "0123"), Proposal("login.required", "true")]
    _, *lines = keeping.kept(proposed, None).splitlines()
    assert yaml.safe_load("settings:\n" + "\n".join(lines)) == {
        "settings": {"login": {"username": "0123", "required": True}}
    }
    base = effective()
    origin = {key: replace(one, layer="command line") for key, one in base.origin.items()}
    given = replace(base, origin=origin)
    assert "--set 'login.username=b c'" in keeping.kept([Proposal("login.username", "b c")], given)


TLS = "use TLS: --set server.encryption=tls"
HERE = "  /srv/site.yaml:4:3  port: 6465"
ENCRYPTION = "  /srv/site.yaml:2:3  encryption: tls"


@pytest.mark.parametrize(
    ("hint", "sets", "layer", "lines"),
    [
        (TLS, ["server.port=6465"], "profile", [HERE, ENCRYPTION]),
        (f"{TLS} --set server.port=6465", ["server.port=6465"], "profile", [HERE, ENCRYPTION]),
        (TLS, ["server.port=25", "connection.timeout=60"], "profile", [ENCRYPTION]),
        (TLS, ["server.port=6465", "server.encryption=none"], "command line", ["  # in place of the options of this call", "  --set server.port=6465 --set server.encryption=tls"]),
        (TLS, ["server.port=6465"], "environment", ["  export DTS_EMAIL_SERVER__ENCRYPTION=tls", "  # beside the options of this call: --set server.port=6465"]),
        (TLS, ["server.port=6465"], "machine", ["  # in the profile, below settings", "  server: {port: 6465, encryption: tls}", "  # and then", "  dtsconf apply --profile FILE"]),
    ],
)  # fmt: skip
def test_what_the_call_gave_is_part_of_what_worked(
    hint: str, sets: list[str], layer: LayerName, lines: list[str]
) -> None:
    """Without it the rest would not fit. `layer` gives the encryption that is to be changed."""
    base = effective({**WORKING, "server.port": 25})
    port = replace(base.origin["server.port"], value=int(sets[0][12:]), layer="command line", where=Option("--set"))
    encryption = replace(base.origin["server.encryption"], layer=layer)
    given = replace(base, origin={**base.origin, "server.port": port, "server.encryption": encryption})
    assert advice.text(hint, Call(sets=tuple(sets)), given).splitlines()[2:] == lines


@pytest.mark.parametrize("layer", ["profile", "machine", "environment"])
def test_the_mode_that_the_call_gave_is_part_of_what_worked(layer: LayerName) -> None:
    """Without it the profile's other mode stays, and what was written down is not used."""
    base = effective(WORKING)
    option = replace(base.origin["mode"], value="microsoft", layer="command line", where=Option("--set mode"))
    client = replace(base.origin["microsoft.remember_me"], layer=layer)
    given = replace(base, origin={**base.origin, "mode": option, "microsoft.remember_me": client})
    told = advice.text("--set microsoft.remember_me=true", Call(sets=("mode=microsoft",)), given)
    assert "mode: microsoft" in told or "--set mode=microsoft\n" in told.partition("keep:")[2]
    other = advice.text("--set connection.timeout=60", Call(sets=("mode=microsoft",)), given)
    assert "mode" not in other.partition("keep:")[2]


def test_within_braces_what_is_to_be_written_has_its_commas(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("settings: {server: {host: a.example}, sender: {name: x}}\n")
    base = effective()
    host = replace(base.origin["server.host"], where=Place(str(path), 1, 21))
    keys = ("server.port", "server.encryption", "server.ca_file", "mode", "connection.timeout")
    unset = {key: replace(base.origin[key], layer="default", where=None) for key in keys}
    given = replace(
        base, origin={**base.origin, **unset, "server.host": host}, org=replace(base.org, files=(str(path),))
    )
    proposed = [Proposal("server.port", "25"), Proposal("server.encryption", "none")]
    proposed += [Proposal("mode", "microsoft"), Proposal("connection.timeout", "60")]
    _, within, _, top = keeping.kept(proposed, given).splitlines()
    assert (within.strip(), top.strip()) == ("port: 25, encryption: none", "mode: microsoft, connection: {timeout: 60}")


def test_a_failure_tells_each_value_that_may_be_at_fault() -> None:
    told = advice.origins(effective({**WORKING, "server.ca_file": "/ca.pem"}))
    assert "server.ca_file = /ca.pem (profile, /srv/site.yaml:" in told
    assert "server.port = 587 (the default for starttls)" in told
    assert "= None" not in told


def test_a_failure_tells_who_gave_what_the_organisation_did_not() -> None:
    above = effective(environment={"sender.email": "boss@acme.example"})
    told = "values:\n  sender.email = boss@acme.example (environment, DTS_EMAIL_SENDER__EMAIL)\n"
    assert advice.origins(above, advice.ABOVE) == told
    assert advice.origins(effective(), advice.ABOVE) == ""


def test_a_machines_locked_value_is_mended_in_its_profile() -> None:
    locked = effective({**WORKING, "server.port": 25}, locks=("server",))
    origin = {key: replace(one, layer="machine") for key, one in locked.origin.items()}
    machine = replace(locked, origin=origin)
    told = advice.told("--set server.port=587", Call(), machine)
    assert told == "edit server.port in the profile acme to port: 587 (locked, so --set can't)"
    assert (
        advice.text("--set server.port=587", Call(None, "/r"), machine)
        == "then: dtsconf apply --profile FILE --root /r\n"
    )
