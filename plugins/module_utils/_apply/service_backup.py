# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Services that a backup has, as they are now."""

from __future__ import annotations

from .._cluster.gateway import Gateway
from .._cluster.resources import SERVICES
from .._plan.backup import Backup
from .._service.decided import Service
from .._service.outcome import ServiceOutcome
from .._service.selection import full_name


def of_backup(gateway: Gateway, backup: Backup) -> tuple[list[Service], list[ServiceOutcome]]:
    """The Services of a backup, and the outcomes of those that are gone."""
    namespaces = sorted({entry.name.partition("/")[0] for entry in backup.entries})
    live = {full_name(s): s for namespace in namespaces for s in gateway.list(SERVICES, namespace)}
    pairs = [entry.name.partition("/") for entry in backup.entries if entry.name not in live]
    gone = [ServiceOutcome(pair[0], pair[2], "", "gone", "it was deleted since the backup") for pair in pairs]
    return [live[entry.name] for entry in backup.entries if entry.name in live], gone
