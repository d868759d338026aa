# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of the Kubernetes API that the collection reads and writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """One kind as the API serves it; ``group`` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """Group and version as objects spell them, such as ``projectcalico.org/v3`` or ``v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """Plural and group as RBAC rules and error messages spell them, such as ``services`` or ``tiers.projectcalico.org``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "") -> str:
        """Path of the collection, or of one object; without a namespace the path of all namespaces."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{name}" if name else "")


CALICO_GROUP = "projectcalico.org"
CALICO_VERSION = "v3"

GLOBAL_NETWORK_POLICIES = Resource(CALICO_GROUP, CALICO_VERSION, "globalnetworkpolicies", "GlobalNetworkPolicy", False)
NETWORK_POLICIES = Resource(CALICO_GROUP, CALICO_VERSION, "networkpolicies", "NetworkPolicy", True)
TIERS = Resource(CALICO_GROUP, CALICO_VERSION, "tiers", "Tier", False)
KUBERNETES_NETWORK_POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True)
SERVICES = Resource("", "v1", "services", "Service", True)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
DAEMON_SETS = Resource("apps", "v1", "daemonsets", "DaemonSet", True)
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False)
