# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkPolicies of Kubernetes, as its API server takes them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.validation import faults

from calico_objects import Manifest, kubernetes_policy


def peer(**fields: Any) -> Manifest:
    return kubernetes_policy(ingress=[{"from": [fields]}])


def port(**fields: Any) -> Manifest:
    return kubernetes_policy(egress=[{"ports": [fields]}])


def expression(**fields: Any) -> Manifest:
    return kubernetes_policy(podSelector={"matchExpressions": [fields]})


@pytest.mark.parametrize(
    "manifest",
    [
        kubernetes_policy(podSelector=None, policyTypes=[]),
        kubernetes_policy(ingress=[{}], egress=[{"to": [], "ports": []}], policyTypes=["Ingress", "Ingress"]),
        peer(podSelector={}),
        peer(podSelector={"matchLabels": {"a": "b", "c": None}}, namespaceSelector={"matchLabels": {"d/e": "f"}}),
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}),
        peer(ipBlock={"cidr": "2001:DB8::/32"}),
        port(port=80, endPort=90),
        port(port="http", protocol="UDP"),
        port(protocol="SCTP"),
        expression(key="a", operator="In", values=["b", ""]),
        expression(key="a/b", operator="DoesNotExist"),
    ],
)
def test_what_is_accepted(manifest: Manifest) -> None:
    assert [str(fault) for fault in faults(manifest)] == []


@pytest.mark.parametrize(
    ("manifest", "wrong"),
    [
        (kubernetes_policy(types=["Ingress"], selector="all()"), ["types", "selector"]),
        (kubernetes_policy(policyTypes=["ingress"]), ["policyTypes[0]"]),
        (kubernetes_policy(policyTypes=["Ingress"] * 3), ["policyTypes"]),
        (kubernetes_policy(ingress=[{"to": []}], egress=[{"from": []}]), ["ingress[0].to", "egress[0].from"]),
        (peer(), ["ingress[0].from[0]"]),
        (peer(podSelector={}, ipBlock={"cidr": "10.0.0.0/8"}), ["ingress[0].from[0].ipBlock"]),
        (peer(ipBlock={}), ["ingress[0].from[0].ipBlock.cidr"]),
        (peer(ipBlock={"cidr": "10.0.0.1/8"}), ["ingress[0].from[0].ipBlock.cidr"]),
        (peer(ipBlock={"cidr": "10.0.0.0/08"}), ["ingress[0].from[0].ipBlock.cidr"]),
        (peer(ipBlock={"cidr": "::ffff:10.0.0.0/104"}), ["ingress[0].from[0].ipBlock.cidr"]),
        (peer(ipBlock={"cidr": "192.0.2.1"}), ["ingress[0].from[0].ipBlock.cidr"]),
        (peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8", "11.0.0.0/16", "fd00::/16", "x"]}),
         [f"ingress[0].from[0].ipBlock.except[{n}]" for n in range(4)]),
        (port(port="80"), ["egress[0].ports[0].port"]),
        (port(port="8000:8100"), ["egress[0].ports[0].port"]),
        (port(port=0, protocol="ICMP"), ["egress[0].ports[0].port", "egress[0].ports[0].protocol"]),
        (port(port=80, endPort=79), ["egress[0].ports[0].endPort"]),
        (port(port="http", endPort=90), ["egress[0].ports[0].endPort"]),
        (port(endPort=90), ["egress[0].ports[0].endPort"]),
        (port(port=80, endPort=65536), ["egress[0].ports[0].endPort"]),
        (expression(operator="In", values=["b"]), ["podSelector.matchExpressions[0].key"]),
        (expression(key="a", operator="in", values=["b"]), ["podSelector.matchExpressions[0].operator"]),
        (expression(key="a", operator="NotIn"), ["podSelector.matchExpressions[0].values"]),
        (expression(key="a", operator="Exists", values=["b"]), ["podSelector.matchExpressions[0].values"]),
        (expression(key="a", operator="In", values=["-"]), ["podSelector.matchExpressions[0].values[0]"]),
        (kubernetes_policy(podSelector={"matchLabels": {"-": "b"}}), ["podSelector.matchLabels['-']"]),
    ],
)  # fmt: skip
def test_what_is_refused(manifest: Manifest, wrong: list[str]) -> None:
    assert sorted(fault.path for fault in faults(manifest)) == sorted(f"spec.{path}" for path in wrong)
