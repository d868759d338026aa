# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a manifest when it is written: the defaults that decide about connections.

Those of Calico's policies are what this collection writes out, https://docs.tigera.io/calico/latest/reference/resources/networkpolicy;
those of Kubernetes are the API server's, https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/.
"""

from __future__ import annotations

from .global_network_policy import with_written_defaults
from .snapshot import KUBERNETES_NETWORK_POLICY, Object, items, kind_of, spec_of

_OF_CALICO = ("GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy", "StagedNetworkPolicy")


def as_written(item: Object) -> Object:
    """The object as this collection writes it, and the API server keeps it."""
    if kind_of(item) in _OF_CALICO:
        return {**item, "spec": with_written_defaults(spec_of(item))}
    return with_server_defaults(item)


def with_server_defaults(item: Object) -> Object:
    """The object as the API server keeps it, whoever writes it."""
    spec = spec_of(item)
    if kind_of(item) != KUBERNETES_NETWORK_POLICY or items(spec.get("policyTypes")):
        return item
    types = ["Ingress", "Egress"] if items(spec.get("egress")) else ["Ingress"]
    return {**item, "spec": {**spec, "policyTypes": types}}
