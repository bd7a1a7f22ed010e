"""Options -> built objects. Puts parts together and decides nothing: what is right or wrong is decided further down."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.wiring.given import Inputs as Inputs, Path as Path, inputs as inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsconf.errors import Notice, Problem
    from dtsconf.machine.layout import Layout
    from dtsconf.machine.record import Generation
    from dtsconf.machine.request import Machine, Who
    from dtsconf.machine.system import System
    from dtsconf.settings.effective import Effective
    from dtsconf.settings.profile import Judge
    from dtsconf.settings.values import Layer, Organisation


def layout_of(root: str | None) -> Layout:
    """The machine's paths."""
    from dtsconf.machine.layout import Layout

    return Layout(root)


def local_system(layout: Layout) -> System:
    """This machine's files."""
    from dtsconf.machine.local import LocalSystem

    return LocalSystem(layout.root)


def who() -> Who:
    """The user behind this process, by its user id rather than by what the environment claims."""
    import platform

    from dtsconf.machine.request import Who

    return Who(user_name(), platform.node(), os.environ.get("SUDO_USER"))


def user_name() -> str:
    """The calling user's name, or number where it has none."""
    if sys.platform == "win32":
        import getpass

        name = getpass.getuser()
    else:
        import pwd

        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            name = str(os.geteuid())
    return name


def machine_of(inputs: Inputs) -> Machine:
    """The machine to work on."""
    from dtsconf.machine.request import Machine

    layout = layout_of(inputs.root)
    return Machine(layout, local_system(layout), who())


def organisation(
    inputs: Inputs, *, guarded: bool = False, recorded: bool = False, judge: Judge | None = None
) -> Organisation:
    """The organisation's layer and policy: the profile's chain, else the machine config, else an empty one. With
    `guarded` root reads only files that nobody else can write; with `recorded` the machine config is what the last
    apply wrote, whatever somebody has made of the file since. `judge`: see `load_profile`.

    Raises:
        Invalid: every problem of every file.
    """
    if inputs.profile is not None:
        from dtsconf.settings.profile import load_profile
        from dtsconf.settings.trust import plain_reader, trusting_reader

        read = trusting_reader if guarded and wary(inputs) else plain_reader
        return load_profile(inputs.profile, read=read, judge=judge)
    applied = recorded_config(inputs) if recorded else None
    return applied or machine_config(inputs.root) or _nobody(inputs)


def _nobody(inputs: Inputs) -> Organisation:
    """No profile and no machine config: nothing set, nothing forbidden."""
    from dtsconf.settings.policy import Policy
    from dtsconf.settings.sections import SecretsOptions, Target, Verify
    from dtsconf.settings.values import Layer, Organisation

    here = f", which is {inputs.root} here" if inputs.root else ""
    here += ": there is no such folder" if inputs.root and not os.path.isdir(inputs.root) else ""
    absent = f"nothing was applied on this machine yet{here}"
    last = last_generation(inputs)
    if last is not None and not last.config and last.rollback_of == 0:
        absent = f"this machine was rolled back to before dtsconf: #{last.number}"
    if last is not None and last.config:
        kinds = {target.kind for target in last.targets}
        gone = "is gone: `dtsconf status`" if "dts" in kinds else "is not among the targets that were applied: add dts"
        absent = f"the machine config {gone}"
    empty = Organisation("", Layer("machine"), Policy(), Verify(), SecretsOptions(), (Target(kind="dts"),))
    return replace(empty, absent=absent)


def machine_config(root: str | None) -> Organisation | None:
    """The machine config as an organisation, with the ids of its delivered secrets; None when there is none.

    Raises:
        Invalid: it is damaged, or not readable.
    """
    from dtsconf.settings.disk import read_machine_config
    from dtsconf.settings.machine_config import from_bytes

    last = last_generation(Inputs(root=root))
    path = _placed(last, root)
    data = read_machine_config(layout_of(root).real(path))
    if data is None:
        return None
    sound = last is not None and _own(last) and last.config is not None and last.config.encode() == data
    org, delivered = from_bytes(data, layout_of(root).real(path), sound=sound)
    return replace(org, delivered=delivered, files=(path,))


def _own(last: Generation) -> bool:
    """Whether this version itself made the record, and so checked the config in it."""
    from dtsconf.version import __version__

    return last.version == __version__


def recorded_config(inputs: Inputs) -> Organisation | None:
    """The machine config as the generation in force recorded it; None when it recorded none, or can't be read: an
    older one must not come back unasked.

    Raises:
        Invalid: this version can't read the recorded config.
    """
    from dtsconf.settings.machine_config import from_bytes

    last = last_generation(inputs)
    if last is None or last.config is None or _unsure(inputs.root) is not None:
        return None
    path = _placed(last, inputs.root)
    org, delivered = from_bytes(last.config.encode(), layout_of(inputs.root).real(path), sound=_own(last))
    return replace(org, delivered=delivered, files=(path,))


def as_applied(inputs: Inputs, org: Organisation) -> Organisation | None:
    """The machine config as the last apply wrote it, where `org` is what stands there now; else None."""
    from dtsconf.errors import Invalid

    try:
        return recorded_config(inputs) if org.layer.name == "machine" and org.absent is None else None
    except Invalid:
        return None


def config_path(root: str | None) -> str:
    """Where the machine config lies: where the generation in force put it, else its usual place (a logical path)."""
    return _placed(last_generation(Inputs(root=root)), root)


def _placed(last: Generation | None, root: str | None) -> str:
    """None for a record that can't be read: the usual place is the best guess then."""
    placed = [t.path for t in last.targets if t.kind == "dts" and not t.secret] if last else []
    return placed[0] if placed else layout_of(root).config


def wary(inputs: Inputs) -> bool:
    """Whether an apply reads only what nobody else could have written: root on this machine itself, unless told to
    trust."""
    root = sys.platform != "win32" and os.geteuid() == 0
    return root and inputs.root is None and not inputs.trust_profile


def effective(inputs: Inputs, *, user: bool, guarded: bool = False, recorded: bool = False) -> Effective:
    """The effective settings; the user's own file counts only with `user`. `guarded`, `recorded`: see `organisation`.

    Raises:
        Invalid: every problem of every layer, read and merged.
    """
    from dtsconf.errors import Invalid, Notice
    from dtsconf.settings.resolve import besides, resolve

    above, problems, notices = layers(inputs, user=user)
    if guarded and inputs.trust_profile:
        told = "--trust-profile: nobody checked who could have changed the profile"
        notices.append(Notice("trust-profile", told, "leave it out where root applies on a real machine"))
    if inputs.profile is None and (lost := _unsure(inputs.root)) is not None:
        notices.append(lost)

    def judge(broken: Organisation, told: Sequence[Problem]) -> Sequence[Problem]:
        return besides((*told, *problems), broken, above, strict=inputs.strict)

    try:
        org = organisation(inputs, guarded=guarded, recorded=recorded, judge=judge)
    except Invalid as wrong:
        raise Invalid((*wrong.problems, *problems)) from None
    try:
        found = resolve(org, above, strict=inputs.strict, problems=problems, notices=notices)
    except Invalid as wrong:
        raise Invalid(_with_excerpts(org, wrong.problems), wrong.known) from None
    if recorded:
        from dtsconf.settings.instead import for_good

        found = replace(found, warnings=(*found.warnings, *for_good(found)))
        if inputs.root is not None:
            from dtsconf.settings.roots import left_behind

            found = replace(found, warnings=(*found.warnings, *left_behind(found, layout_of(inputs.root).real)))
    return replace(found, root=inputs.root)


def _with_excerpts(org: Organisation, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The source line of what lies in a profile; the machine config's lines are dtsconf's own."""
    from dtsconf.settings.profile import Profile

    return org.with_excerpts(problems) if isinstance(org, Profile) else problems


def layers(inputs: Inputs, *, user: bool) -> tuple[list[Layer], list[Problem], list[Notice]]:
    """The layers above the organisation's, what is wrong with them and what is odd."""
    from dtsconf.settings.sources import command_line_layer, environment_layer

    here = working_folder()
    reads = [environment_layer(inputs.environ, here), command_line_layer(inputs.overrides, here)]
    if user:
        from dtsconf.settings.user_file import user_layer

        reads.append(user_layer(layout_of(inputs.root).user_file()))
    return [r[0] for r in reads], [p for r in reads for p in r[1]], [n for r in reads for n in r[2]]


def working_folder() -> str | None:
    """Where relative paths count from; None when the folder has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return None


def last_generation(inputs: Inputs) -> Generation | None:
    """The generation in force on the machine, None when it can't be read: who sends needs none, who applies meets the
    error there."""
    from dtsconf.errors import DtsconfError
    from dtsconf.machine.generations import current

    layout = layout_of(inputs.root)
    try:
        return current(local_system(layout), layout)
    except DtsconfError:
        return None


def _unsure(root: str | None) -> Notice | None:
    from dtsconf.machine.generations import unsure

    layout = layout_of(root)
    return unsure(local_system(layout), layout)
