# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests for tables of what must and must not be accepted."""

from __future__ import annotations

from typing import Any

CALICO, KUBERNETES = "projectcalico.org/v3", "networking.k8s.io/v1"
Manifest = dict[str, Any]


def item(kind: str, spec: Any, name: str = "a", version: str = CALICO, **metadata: Any) -> Manifest:
    """An object of any kind."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def global_policy(**spec: Any) -> Manifest:
    return item("GlobalNetworkPolicy", spec)


def ingress(**rule: Any) -> Manifest:
    """A global policy with one ingress rule, an Allow unless the rule says otherwise."""
    return global_policy(ingress=[{"action": "Allow", **rule}])


def egress(**rule: Any) -> Manifest:
    """The same for egress."""
    return global_policy(egress=[{"action": "Allow", **rule}])


def source(**side: Any) -> Manifest:
    """A global policy with one ingress rule for TCP that has this source."""
    return ingress(protocol="TCP", source=side)


def kubernetes_policy(**spec: Any) -> Manifest:
    return item("NetworkPolicy", {"podSelector": {}, **spec}, version=KUBERNETES)
