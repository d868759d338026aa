# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Services that are meant."""

from __future__ import annotations

from .._cluster.gateway import Gateway
from .._cluster.resources import SERVICES
from .._service.decided import Service
from .._service.selection import Selection


def selected(gateway: Gateway, selection: Selection) -> list[Service]:
    """The Services of the selection, in as few lists as it allows."""
    listed = [
        service
        for namespace in selection.namespaces_to_list()
        for service in gateway.list(SERVICES, namespace, selection.label_selector)
    ]
    return [service for service in listed if selection.holds(service)]
