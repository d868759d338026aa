# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of one object must not be together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.validation import faults

from calico_objects import Manifest, global_policy, item

ALLOW = [{"action": "Allow"}]
SET = {"nets": ["10.0.0.0/8"]}


def staged(**spec: Any) -> Manifest:
    return item("StagedGlobalNetworkPolicy", spec)


def host_endpoint(**spec: Any) -> Manifest:
    return item("HostEndpoint", spec)


@pytest.mark.parametrize(
    "manifest",
    [
        global_policy(preDNAT=True, applyOnForward=True, ingress=ALLOW, egress=[], types=["Ingress"]),
        global_policy(doNotTrack=True, applyOnForward=True, ingress=ALLOW, egress=ALLOW),
        staged(stagedAction="Delete"),
        staged(stagedAction="Delete", tier="a", selector="", preDNAT=False, order=None),
        staged(stagedAction="Learn", ingress=ALLOW),
        item("Tier", {"order": 1_000_000}, name="default"),
        item("Tier", {"order": 1e6, "defaultAction": "Deny"}, name="default"),
        item("Tier", {"order": 1000, "defaultAction": "Pass"}, name="kube-admin"),
        item("Tier", {"order": 10_000_000, "defaultAction": "Pass"}, name="kube-baseline"),
        item("Tier", {"order": 5}, name="adminnetworkpolicy"),
        host_endpoint(node="n", expectedIPs=["192.0.2.1"]),
        host_endpoint(node="n", interfaceName="eth0", expectedIPs=[]),
    ],
)
def test_what_is_accepted(manifest: Manifest) -> None:
    assert [str(fault) for fault in faults(manifest)] == []


@pytest.mark.parametrize(
    ("manifest", "wrong"),
    [
        (global_policy(preDNAT=True), ["applyOnForward"]),
        (global_policy(doNotTrack=True, applyOnForward=False), ["applyOnForward"]),
        (global_policy(preDNAT=True, doNotTrack=True, applyOnForward=True), ["doNotTrack"]),
        (global_policy(preDNAT=True, applyOnForward=True, egress=ALLOW, types=["Ingress", "Egress"]), ["egress", "types"]),
        (staged(preDNAT=True), ["applyOnForward"]),
        (global_policy(selector="global()", namespaceSelector="global()", serviceAccountSelector="a == 'global('"),
         ["selector", "namespaceSelector", "serviceAccountSelector"]),
        (item("NetworkPolicy", {"selector": "global()", "serviceAccountSelector": "global()"}),
         ["selector", "serviceAccountSelector"]),
        (item("NetworkPolicy", {"namespaceSelector": "all()", "preDNAT": True}), ["namespaceSelector", "preDNAT"]),
        (staged(stagedAction="Delete", order=0, types=["Ingress"], ingress=[], selector="all()"),
         ["order", "types", "ingress", "selector"]),
        (staged(stagedAction="delete"), ["stagedAction"]),
        (staged(stagedAction=""), ["stagedAction"]),
        (item("Tier", {}, name="default"), ["order"]),
        (item("Tier", {"order": 5, "defaultAction": "Pass"}, name="default"), ["order", "defaultAction"]),
        (item("Tier", {"order": 1000}, name="kube-admin"), ["defaultAction"]),
        (item("Tier", {"order": 1000, "defaultAction": None}, name="kube-admin"), ["defaultAction"]),
        (item("Tier", {"order": 1000, "defaultAction": "Pass"}, name="kube-baseline"), ["order"]),
        (host_endpoint(), ["node", "interfaceName"]),
        (host_endpoint(node="", interfaceName="", expectedIPs=[]), ["node", "interfaceName"]),
        (host_endpoint(node="n", interfaceName="*", ports=[{"name": "a", "port": 1, "protocol": "ICMP"}]), ["ports[0].protocol"]),
    ],
)  # fmt: skip
def test_what_is_refused(manifest: Manifest, wrong: list[str]) -> None:
    assert sorted(fault.path for fault in faults(manifest)) == sorted(f"spec.{path}" for path in wrong)


@pytest.mark.parametrize("kind", ["GlobalNetworkSet", "NetworkSet"])
def test_the_label_of_the_namespace_is_calicos(kind: str) -> None:
    (fault,) = faults(item(kind, SET, labels={"projectcalico.org/namespace": "x"}))
    assert fault.path == "metadata.labels['projectcalico.org/namespace']"
