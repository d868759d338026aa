# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wanted state of Services, but for those whose clients it would cut off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .cluster_hazards import cluster_hazards
from .decided import Wanted
from .external_traffic_policy import REFUSED, TO_CHANGE, Decision
from .hazard import REFUSE, Hazard
from .hazards import hazards
from .surroundings import Surroundings


@dataclass(frozen=True)
class Guarded:
    """A wanted state that is held against what stands around the Services.

    ``ignored`` are the ids of hazards that refuse nothing, ``entry_nodes`` the nodes that clients outside use.
    """

    wanted: Wanted
    around: Surroundings
    ignored: frozenset[str] = frozenset()
    entry_nodes: tuple[str, ...] = ()

    @property
    def of_cluster(self) -> tuple[Hazard, ...]:
        """What is hazardous for all of them alike."""
        return cluster_hazards(self.around.settings)

    def decide(self, service: Mapping[str, Any]) -> Decision:
        return self.judged(service, self.wanted.decide(service))

    def judged(self, service: Mapping[str, Any], decision: Decision) -> Decision:
        """The same where it is known already what would be decided without a look at hazards."""
        if decision.status != TO_CHANGE or decision.wanted != "Local":
            return decision
        found = hazards(service, self.around, self.entry_nodes)
        against = [hazard for hazard in found if hazard.severity == REFUSE and hazard.id not in self.ignored]
        if against:
            reason = "; ".join(f"{hazard.id}: {hazard.message}" for hazard in against)
            return Decision(REFUSED, reason, hazards=found)
        return replace(decision, hazards=found)
