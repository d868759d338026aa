# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' own functions in this process, on a real server: for what needs hundreds of runs."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.netguard.calico.plugins.module_utils._cluster.connection import connect
from ansible_collections.netguard.calico.plugins.module_utils._cluster.discovery import Cluster, discover
from ansible_collections.netguard.calico.plugins.module_utils._cluster.gateway import Gateway
from ansible_collections.netguard.calico.plugins.module_utils._module.arguments import CONNECTION


def connected(kubeconfig: Path) -> tuple[Gateway, Cluster]:
    """The gateway that modules use with this kubeconfig, and the cluster behind it."""
    defaults = {name: spec.get("default") for name, spec in CONNECTION.items()}
    connection = connect({**defaults, "kubeconfig": str(kubeconfig)}, {})
    return connection.gateway, discover(connection)
