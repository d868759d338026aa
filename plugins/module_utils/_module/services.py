# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of service_external_traffic_policy: from options to outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._apply.service_lists import selected
from .._calico.errors import InvalidInput
from .._service.decided import Decided, Wanted, decided
from .._service.external_traffic_policy import Absent, Present
from .._service.hazard import ENTERED, REFUSE
from .._service.outcome import ServiceOutcome, without_write
from .._service.selection import Selection, is_given, selection
from .batch import batch_size
from .run import Result, Session, Work
from .service_results import Done, finished

if TYPE_CHECKING:
    from .backups import Place

# The hazards that keep a Service from becoming Local, or may.
REFUSING = tuple(name for name, kind in ENTERED.items() if kind.severity == REFUSE)


def prepare(params: dict[str, Any]) -> Work:
    """Reads the input, so that a selection that selects nothing is refused before anything is sent."""
    batch_size(params["batch"])
    if params["batch_pause"] < 0:
        raise InvalidInput(f"batch_pause is {params['batch_pause']}", "Give seconds, 0 or more.")
    place = _place(params["backup"])
    if place is not None and params["state"] == "restored":
        return _restore(params, place)
    chosen = selection(params)
    asked = Present(params["policy"], params["record_original"]) if params["state"] == "present" else Absent()

    def work(session: Session) -> Result:
        session.progress.phase("listing Services")
        found = decided(asked, selected(session.gateway, chosen))
        done = _done(session, asked, found, place)
        outcomes = [*done.outcomes, *_missing(chosen, found)]
        if not outcomes:
            session.warn("The selection matches no Service")
        return finished(session, replace(done, outcomes=outcomes))

    return work


def _place(given: str | None) -> Place | None:
    """Where the option ``backup`` says. Raises InvalidInput for what can be no place."""
    if given is None:
        return None
    # As in _done below, what few runs need is not imported for all.
    from .backups import backup_place

    return backup_place(given)


def _done(session: Session, asked: Wanted, found: Sequence[Decided], place: Place | None) -> Done:
    if not any(one.is_to_change for one in found):
        session.progress.writes(0)
        return Done([without_write(one) for one in found])
    # Scheduled runs find nothing to change but for once in a while, and are to be quick then.
    from .service_changes import carried_out, present

    change = present if session.params["state"] == "present" else carried_out
    return change(session, asked, found, place)


def _restore(params: dict[str, Any], place: Place) -> Work:
    """The work that puts back what a backup holds. Raises InvalidInput where Services are selected besides."""
    if is_given(params):
        raise InvalidInput(
            "state is restored, and Services are selected",
            "The backup says which are put back; leave the selection out.",
        )
    from .service_changes import restored

    return lambda session: finished(session, restored(session, place))


def _missing(chosen: Selection, found: Sequence[Decided]) -> list[ServiceOutcome]:
    return [
        ServiceOutcome(namespace, name, "", "missing", "it was named and does not exist")
        for namespace, name in chosen.missing([one.service for one in found])
    ]
