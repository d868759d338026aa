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
# Where Calico's API server stores, and what is there alone where none was installed.
STORED_GROUP = "crd.projectcalico.org"
STORED_VERSION = "v1"
# Where the operator, and where the plain manifests, put calico-node.
NODE_NAMESPACES = ("calico-system", "kube-system")

GLOBAL_NETWORK_POLICIES = Resource(CALICO_GROUP, CALICO_VERSION, "globalnetworkpolicies", "GlobalNetworkPolicy", False)
NETWORK_POLICIES = Resource(CALICO_GROUP, CALICO_VERSION, "networkpolicies", "NetworkPolicy", True)
STAGED_GLOBAL_NETWORK_POLICIES = Resource(
    CALICO_GROUP, CALICO_VERSION, "stagedglobalnetworkpolicies", "StagedGlobalNetworkPolicy", False
)
STAGED_NETWORK_POLICIES = Resource(CALICO_GROUP, CALICO_VERSION, "stagednetworkpolicies", "StagedNetworkPolicy", True)
STAGED_KUBERNETES_NETWORK_POLICIES = Resource(
    CALICO_GROUP, CALICO_VERSION, "stagedkubernetesnetworkpolicies", "StagedKubernetesNetworkPolicy", True
)
# What plans write, by kind.
WRITTEN = {resource.kind: resource for resource in (GLOBAL_NETWORK_POLICIES, STAGED_GLOBAL_NETWORK_POLICIES)}
GLOBAL_NETWORK_SETS = Resource(CALICO_GROUP, CALICO_VERSION, "globalnetworksets", "GlobalNetworkSet", False)
NETWORK_SETS = Resource(CALICO_GROUP, CALICO_VERSION, "networksets", "NetworkSet", True)
HOST_ENDPOINTS = Resource(CALICO_GROUP, CALICO_VERSION, "hostendpoints", "HostEndpoint", False)
FELIX_CONFIGURATIONS = Resource(CALICO_GROUP, CALICO_VERSION, "felixconfigurations", "FelixConfiguration", False)
IP_POOLS = Resource(CALICO_GROUP, CALICO_VERSION, "ippools", "IPPool", False)
CLUSTER_INFORMATIONS = Resource(CALICO_GROUP, CALICO_VERSION, "clusterinformations", "ClusterInformation", False)
TIERS = Resource(CALICO_GROUP, CALICO_VERSION, "tiers", "Tier", False)
KUBERNETES_NETWORK_POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True)
CLUSTER_NETWORK_POLICIES = Resource(
    "policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies", "ClusterNetworkPolicy", False
)
ADMIN_NETWORK_POLICIES = Resource(
    "policy.networking.k8s.io", "v1alpha1", "adminnetworkpolicies", "AdminNetworkPolicy", False
)
BASELINE_ADMIN_NETWORK_POLICIES = Resource(
    "policy.networking.k8s.io", "v1alpha1", "baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy", False
)
# Of MetalLB in layer 2: which node announces a Service's address.
SERVICE_L2_STATUSES = Resource("metallb.io", "v1beta1", "servicel2statuses", "ServiceL2Status", True)
PODS = Resource("", "v1", "pods", "Pod", True)
NODES = Resource("", "v1", "nodes", "Node", False)
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True)
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True)
SERVICES = Resource("", "v1", "services", "Service", True)
EVENTS = Resource("", "v1", "events", "Event", True)
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", True)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False)
DAEMON_SETS = Resource("apps", "v1", "daemonsets", "DaemonSet", True)
VALIDATING_WEBHOOKS = Resource(
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
)
MUTATING_WEBHOOKS = Resource(
    "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False
)
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", False)
