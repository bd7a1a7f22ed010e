"""One apply or rollback, in the contract's order ("apply, precisely"): plan, ask, splay, lock, recover, settle, plan
again, stage, verify, commit, record.

Nothing live changes before the transaction's commit point. A failure on the way is raised with what was known by then
(`Applied` as the error's `known`). Knows no mail, no secret backend and no terminal: these are `Services`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from dtsconf.errors import DtsconfError, Interrupted, Notice, SecretUnavailable
from dtsconf.files.signals import uninterrupted
from dtsconf.machine import generations, recording, settling, verdict, writing
from dtsconf.machine.audit import audit_line
from dtsconf.machine.desired import delivered_references
from dtsconf.machine.failure import failure
from dtsconf.machine.key import MachineKey
from dtsconf.machine.lock import machine_lock
from dtsconf.machine.past import known_password, past_of
from dtsconf.machine.planning import look, refuse_unfit
from dtsconf.machine.record import Proof
from dtsconf.machine.recording import Course
from dtsconf.machine.recovery import PAUSE, interrupted, recover, undisturbed
from dtsconf.machine.request import Applied, Check
from dtsconf.machine.rights import odd_rights
from dtsconf.machine.survey import Survey
from dtsconf.machine.transaction import Transaction
from dtsconf.machine.verdict import Depth
from dtsconf.proof import NEEDS_LOGIN, Verification
from dtsconf.settings.model import effective_port
from dtsconf.settings.references import secrets_in_use
from dtsconf.times import iso_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtsconf.machine.planning import Goal, Planned
    from dtsconf.machine.record import Generation, SettledRecord
    from dtsconf.machine.request import Machine, Options, Services
    from dtsconf.machine.settling import Outcome
    from dtsconf.secret.value import Secret
    from dtsconf.settings.effective import Effective


def carry_out(goal: Goal, machine: Machine, services: Services, options: Options) -> Applied:
    """Carry out one apply or rollback.

    Raises:
        DtsconfError: of every kind, with `known` the `Applied` as far as it got; the machine is as before.
    """
    run = Run(goal, machine, services, options)
    try:
        return run.go()
    except KeyboardInterrupt:
        if run.done is not None:
            return run.done
        told = "interrupted" if run.half else "interrupted; nothing was changed"
        raise Interrupted(told, "run it again", known=run.known()) from None
    except DtsconfError as e:
        if isinstance(e.known, Verification):
            run.verification = e.known
        e.known = run.known()
        raise
    except OSError as e:
        found = failure(e)
        found.known = run.known()
        raise found from None


class Run:
    """The state of one run: what was found out so far."""

    def __init__(self, goal: Goal, machine: Machine, services: Services, options: Options) -> None:
        self.goal, self.machine, self.services, self.options = goal, machine, services, options
        self.planned: Planned | None = None
        self.loaded: Effective | None = None
        self.outcome: Outcome | None = None
        self.depth = Depth("none")
        self.verification: Verification | None = None
        self.warnings: list[Notice] = []
        self.done: Applied | None = None
        self.half = False
        self._secrets: dict[str, Secret] = {}

    def known(self) -> Applied:
        """How far it got, the machine being as before, unless it couldn't be put back."""
        planned = self.planned
        last = planned.last if planned else self._in_force()
        seen = planned.plan.warnings if planned else ()
        warnings = (*(w for w in seen if not (self.options.adopt and w.kind == "adopt")), *self.warnings)
        return Applied(
            self.machine.who.host,
            False,
            planned.plan.changes if planned else (),
            planned.plan.digest if planned else "",
            last,
            last,
            self.verification,
            planned.plan if planned else None,
            planned.effective if planned else None,
            self.goal.old.number if self.goal.old else None,
            warnings,
            next((each.encryption for each in self.outcome.memory.values()), None) if self.outcome else None,
            generations.unsure(self.machine.system, self.machine.layout) is not None,
            self.half,
        )

    def _in_force(self) -> Generation | None:
        """The generation that stays when it failed before there was a plan; None when that can't be told."""
        try:
            return generations.current(self.machine.system, self.machine.layout)
        except (DtsconfError, OSError):
            return None

    def go(self) -> Applied:
        """All steps."""
        system, layout = self.machine.system, self.machine.layout
        asked = undisturbed(system, layout, self._look, pause=PAUSE)
        strange = asked.plan.needs_adopt and not self.options.adopt  # or another run is just at it: the lock tells
        if not strange:
            if not asked.plan.empty:
                self._ask(asked)
            self._splay(asked)
        command = f"dtsconf {self.goal.command}"
        with machine_lock(system, layout, self.options.wait, command=command, on_wait=self.services.progress):
            try:
                self._note(recover(system, layout))
                return self._locked(asked)
            except BaseException:
                self.half = interrupted(layout)
                raise

    def _look(self) -> Planned:
        """The plan as it is now, without secrets and without asking the server; everything that forbids it."""
        last = generations.current(self.machine.system, self.machine.layout)
        self.loaded = None if self.goal.load is None else self.goal.load()
        effective = None if self.loaded is None else settling.remembered(self.loaded, last)
        planned = look(self.machine, last, effective)
        self.planned = planned
        if self.options.saved is not None:
            saved = self.options.saved
            opened = {file.path: self.machine.system.shown(file.path) for file in planned.want.files}
            saved.check(planned.save(profile=saved.profile, sets=saved.sets), opened)
        if effective is None:
            writing.check_known(planned, self.machine)
        else:
            self.depth = verdict.depth(effective, self.options)
        return planned

    def _ask(self, planned: Planned) -> None:
        if not self.services.ask(planned.plan):
            raise DtsconfError("nothing was changed: the answer was no")

    def _splay(self, planned: Planned) -> None:
        """Wait a random part of verify.splay, so that a fleet does not knock all at once."""
        effective = planned.effective
        idle = planned.plan.empty and not self.options.verify
        if self.options.attended or idle or effective is None or not effective.org.verify.splay:
            return
        wait = effective.org.verify.splay * self.machine.clock.random()
        self.services.progress(f"waiting {wait:.0f} s (verify.splay)")
        self.machine.clock.sleep(wait)

    def _locked(self, asked: Planned) -> Applied:
        now = self._look()
        writing.check_adoption(now, self.machine, adopt=self.options.adopt)
        final = now if self.loaded is None else self._settled(now, self.loaded)
        self.planned = final
        if final.plan.empty:
            return self._in_place(final)
        if asked.plan.empty or now.plan.outline != asked.plan.outline:
            self._ask(final)
        return self._write(final)

    def _settled(self, now: Planned, loaded: Effective) -> Planned:
        """The plan once more, with `auto` settled and with the secrets that are to be delivered."""
        quiet = self.depth.level == "none" or "offline" in loaded.org.verify.pending
        time = self._now()
        self.outcome = settling.settle(loaded, now.last, self.services, self.options, may_be_offline=quiet, time=time)
        effective = self.outcome.effective
        self.warnings += self.outcome.warnings
        secrets = {key: self._secret(key, ref, now) for key, ref in delivered_references(effective).items()}
        key = MachineKey.load_or_create(self.machine.system, self.machine.layout) if secrets else None
        ids = {name: key.secret_id(name, value.reveal()) for name, value in secrets.items()} if key else {}
        return look(self.machine, now.last, effective, ids=ids, secrets=secrets)

    def _secret(self, key: str, reference: str, now: Planned) -> Secret:
        """A secret's value, fetched once; in a rollback the delivered one, if its source can't be had any more."""
        if key in self._secrets:
            return self._secrets[key]
        self.services.progress(f"fetching {key}")
        try:
            value = self.services.fetch(reference, key)
        except SecretUnavailable as e:
            found = None if self.goal.old is None else recording.delivered_value(now, key, reference)
            if found is None:
                raise
            value = found
            message = f"{key} could not be had anew ({e.message}); the value that is delivered now is used"
            self.warnings.append(Notice("secret-kept", message, e.hint, key=key))
        self._secrets[key] = value
        return value

    def _proof(self) -> Proof:
        return verdict.proof(self.verification, self.depth, self._now(), self.machine.who.host)

    def _in_place(self, final: Planned) -> Applied:
        """Nothing to change; --verify verifies anyway, and puts a new proof on record. So is what `auto` came to, where
        that is new: else a plan, which asks no server, would go on wanting it."""
        generation = final.last
        if generation is None:
            return self._applied(final, None, changed=False)
        known = replace(generation, settled=self._remembered(generation))
        if self.options.verify and final.effective is not None:
            self._verify(final, final.effective, generation.number)
            known = replace(known, proof=self._proof())
            self.warnings += verdict.owed(known.proof)
        if known != generation:
            generations.replace_record(self.machine.system, self.machine.layout, known)
        return self._applied(final, known, changed=False)

    def _remembered(self, generation: Generation) -> Mapping[str, SettledRecord]:
        """What `auto` has come to on this machine, with what it came to in this run where that is news."""
        before = generation.settled
        found = self.outcome.memory if self.outcome else {}
        news = {at: each for at, each in found.items() if at not in before or before[at].encryption != each.encryption}
        return {**before, **news}

    def _write(self, final: Planned) -> Applied:
        """Stage, verify, commit, record."""
        system, layout = self.machine.system, self.machine.layout
        key = MachineKey.load_or_create(system, layout)
        steps = writing.writes(final, self.machine)
        expected = writing.expected(final, self.machine, steps)
        gone = writing.folders_gone(final)
        self.services.progress("staging")
        with Transaction(system, layout, key).stage(steps, folders_gone=gone) as staged:
            if final.effective is not None:
                self._verify(final, final.effective, generations.next_number(system, layout))
            proof = self._proof() if final.effective else Proof()
            course = Course(self.goal, self.options, proof, self.outcome.memory if self.outcome else {})
            generation = recording.generation(final, self.machine, key, staged, course)
            self.services.progress("writing")
            records = recording.records(generation, first=not generations.numbers(system, layout))
            with uninterrupted():  # it is live only when it is also known to be
                self.warnings += [*staged.commit(records, expected), *verdict.owed(generation.proof)]
                self.done = self._applied(final, generation, changed=True)
        self._note(generations.thin_out(system, layout))
        if final.plan.needs_adopt:
            with suppress(DtsconfError):  # it is done, whatever can be told of it
                self.warnings += odd_rights(generation, Survey(system, layout, key), system)
        self.machine.audit(audit_line(self.goal.command, generation))
        return self._applied(final, generation, changed=True)

    def _verify(self, final: Planned, effective: Effective, number: int) -> None:
        """Verify as deep as this apply is to; leaves the result in `verification`. Raises: VerificationFailed."""
        if self.depth.level == "none":
            return
        if self.outcome is not None and self.outcome.unreached is not None:
            found = replace(self.outcome.unreached, level=self.depth.level)
        else:
            self.services.progress(f"verifying (level {self.depth.level})")
            found = self.services.verify(self._check(final, effective, number))
        self.verification = verdict.judged(found, self.depth, effective)

    def _check(self, final: Planned, effective: Effective, number: int) -> Check:
        used = secrets_in_use(effective) if self.depth.level in NEEDS_LOGIN else {}
        secrets = {key: self._secret(key, reference, final) for key, reference in used.items()}
        refuse_unfit(self.machine, effective, secrets)
        host = effective.settings.server.host or ""
        port = effective_port(effective.settings)
        anew = "login.password" in final.plan.rotated  # by its reference it is the one that was proven
        password = "" if anew else known_password(effective)
        past = past_of(final.last, host, port, password, forget_tls=self.options.allow_downgrade)
        return Check(effective, secrets, self.depth.level, number, past)

    def _applied(self, final: Planned, generation: Generation | None, *, changed: bool) -> Applied:
        base = self.known()
        return replace(base, changed=changed, generation=generation, before=final.last)

    def _note(self, notice: Notice | None) -> None:
        if notice is not None:
            self.warnings.append(notice)

    def _now(self) -> str:
        return iso_time(self.machine.clock.now())
