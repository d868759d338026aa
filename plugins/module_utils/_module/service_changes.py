# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that are to be changed: held against hazards, kept in a backup, and written.

Most runs find nothing to change, so that what only a change takes is imported with this and not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._apply.batches import Batches, InBatches, in_batches
from .._apply.service_backup import of_backup
from .._apply.services import changed, changed_until_failure
from .._apply.surroundings import around
from .._plan.backup import SERVICE
from .._plan.service_backup import restored_by, with_services
from .._service.decided import Decided, Service, Wanted, decided
from .._service.guarded import Guarded
from .._service.health_check_port import with_port, without_drawn_port
from .._service.outcome import ServiceOutcome
from .backups import Place, new_backup, stored_backup, telling_origin
from .batch import batch_size
from .run import Session
from .service_results import Done


def present(session: Session, asked: Wanted, found: Sequence[Decided], place: Place | None) -> Done:
    """Brings the Services to the state that is asked for, but for those whose clients that would cut off.

    ``found`` has what was decided without a look at what stands around them.
    """
    to_be_local = [one.service for one in found if one.is_to_change and one.decision.wanted == "Local"]
    if not to_be_local:
        return carried_out(session, asked, found, place)
    guarded = _guarded(session, asked, to_be_local)
    judged = [Decided(one.service, guarded.judged(one.service, one.decision)) for one in found]
    done = carried_out(session, guarded, judged, place)
    return replace(done, of_cluster=guarded.of_cluster)


def _guarded(session: Session, asked: Wanted, to_be_local: Sequence[Service]) -> Guarded:
    session.progress.phase("looking for hazards")
    ignored, entry_nodes = session.params["ignore_hazards"] or (), session.params["entry_nodes"] or ()
    surroundings = around(session.gateway, session.cluster.backend, to_be_local)
    return Guarded(asked, surroundings, frozenset(ignored), tuple(entry_nodes))


def carried_out(session: Session, wanted: Wanted, found: Sequence[Decided], place: Place | None) -> Done:
    """Carries out what was decided; ``wanted`` decides anew about what others change meanwhile."""
    kept = _keep(session, place, found)
    done = _written(session, wanted, found)
    told = _rehearsed if session.check_mode else _with_port
    return Done([*map(told, done.outcomes)], kept, done.trouble)


def restored(session: Session, place: Place) -> Done:
    """Puts back what the backup there holds. Raises InvalidBackup and the like, before anything is written."""
    backup = stored_backup(session, place, [SERVICE])
    session.progress.phase("listing Services")
    wanted = restored_by(backup)
    with telling_origin(backup):
        services, gone = of_backup(session.gateway, backup)
        session.progress.writes(len(services))
        done = _written(session, wanted, decided(wanted, services))
    return Done([*done.outcomes, *gone], trouble=done.trouble, restored_from=backup.origin)


def _written(session: Session, wanted: Wanted, found: Sequence[Decided]) -> InBatches:
    carry_out = changed_until_failure if session.params["fail_fast"] else changed
    # The same requests dry: what the server would refuse, check mode reports too.
    gateway = session.gateway.rehearsal() if session.check_mode else session.gateway
    size = batch_size(session.params["batch"])
    if size is None or session.check_mode:
        return InBatches(carry_out(gateway, found, wanted))
    ending = frozenset({"not_attempted", "failed"} if session.params["fail_fast"] else {"not_attempted"})
    how = Batches(size, ending, session.params["batch_pause"], session.pause, session.progress)
    return in_batches(gateway, found, lambda some: carry_out(gateway, some, wanted), how)


def _keep(session: Session, place: Place | None, found: Sequence[Decided]) -> str:
    """Stores the backup where something is to be written; returns where, empty where there is none."""
    backup = with_services(new_backup(session), found)
    at = None if place is None else place(session.gateway)
    session.progress.writes(len(backup.entries) + (at.writes if at and backup.entries else 0))
    if at is None or not backup.entries:
        return ""
    (at.rehearse if session.check_mode else at.store)(backup)
    return str(at)


def _with_port(outcome: ServiceOutcome) -> ServiceOutcome:
    return replace(outcome, hazards=with_port(outcome.hazards, outcome.after)) if outcome.after else outcome


def _rehearsed(outcome: ServiceOutcome) -> ServiceOutcome:
    if outcome.before is None or outcome.after is None:
        return outcome
    return replace(outcome, after=without_drawn_port(outcome.before, outcome.after))
