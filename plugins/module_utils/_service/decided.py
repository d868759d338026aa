# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services, each with what was decided about it as it was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .external_traffic_policy import TO_CHANGE, Decision

Service = Mapping[str, Any]


class Wanted(Protocol):
    """What decides about one Service."""

    def decide(self, service: Service) -> Decision:
        """The decision on the Service as it was read."""


@dataclass(frozen=True)
class Decided:
    """A Service as it was read, and the decision on it."""

    service: Service
    decision: Decision

    @property
    def is_to_change(self) -> bool:
        return self.decision.status == TO_CHANGE


def decided(wanted: Wanted, services: Iterable[Service]) -> list[Decided]:
    """Each Service with its decision, in their order."""
    return [Decided(service, wanted.decide(service)) for service in services]
