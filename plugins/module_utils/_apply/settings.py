# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How kube-proxy and Calico are set, read from the cluster. What cannot be read is not known, and stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .._calico.errors import NetguardError
from .._calico.inventory import Inventory
from .._calico.snapshot import Snapshot
from .._cluster.gateway import Gateway
from .._cluster.kube_proxy import kube_proxy_configuration
from .._cluster.resources import FELIX_CONFIGURATIONS, IP_POOLS
from .._cluster.snapshot import calico_node
from .._service.settings import POOLS, PROXY, Settings, kube_proxy_settings, settings

Read = TypeVar("Read")


def read_settings(gateway: Gateway, calico: Inventory, nodes: Sequence[str]) -> Settings:
    """The settings, as far as they may be read. ``calico`` has Felix's already, ``nodes`` are the names of all nodes."""
    reading = Reading()
    proxy = reading.part(PROXY, lambda: kube_proxy_settings(kube_proxy_configuration(gateway)))
    pools = reading.part(POOLS, lambda: gateway.list(IP_POOLS))
    return settings(proxy, pools, calico, nodes, reading.unread)


def read_felix(gateway: Gateway) -> Inventory:
    """Felix's settings alone, for those who have no snapshot of the whole cluster."""
    reading = Reading()
    felix = {
        "FelixConfiguration": reading.part("FelixConfiguration", lambda: gateway.list(FELIX_CONFIGURATIONS)),
        "DaemonSet": reading.part("DaemonSet", lambda: calico_node(gateway)),
    }
    objects = {kind: tuple(items) for kind, items in felix.items() if items is not None}
    return Inventory(Snapshot(objects, reading.unread))


class Reading:
    """Reads one thing after the other, and keeps in ``unread`` why one could not be read."""

    def __init__(self) -> None:
        self.unread: dict[str, str] = {}

    def part(self, what: str, read: Callable[[], Read]) -> Read | None:
        """What is read, None where it cannot be."""
        try:
            return read()
        except NetguardError as error:
            self.unread[what] = error.message
            return None
