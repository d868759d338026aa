# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kube-proxy's and Calico's settings mean for every Service that becomes Local, and what of them is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.inventory import Inventory
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot
from ansible_collections.netguard.calico.plugins.module_utils._service.cluster_hazards import cluster_hazards
from ansible_collections.netguard.calico.plugins.module_utils._service.hazard import CLUSTER_KINDS
from ansible_collections.netguard.calico.plugins.module_utils._service.settings import (
    Settings,
    kube_proxy_settings,
    settings,
)

Object = dict[str, Any]
POOL = {"metadata": {"name": "pods"}, "spec": {"cidr": "10.244.0.0/16", "natOutgoing": True}}
PLAIN_POOL = {"metadata": {"name": "pods"}, "spec": {"cidr": "10.244.0.0/16"}}
SIX = {"metadata": {"name": "six"}, "spec": {"cidr": "fd00::/64", "natOutgoing": True}}
BY_CIDR = {"mode": "iptables", "clusterCIDR": "10.244.0.0/16"}
BY_INTERFACE = {"detectLocalMode": "InterfaceNamePrefix", "detectLocal": {"interfaceNamePrefix": "cali"}}
OTHER_CIDR = {"clusterCIDR": "10.0.0.0/17,fd00::/48"}


def calico_node(*environment: Object, **container: Any) -> Object:
    containers = [{"name": "calico-node", "env": list(environment), **container}]
    return {"metadata": {"name": "calico-node"}, "spec": {"template": {"spec": {"containers": containers}}}}


def felix(name: str = "default", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": spec}


def variable(name: str, value: str) -> Object:
    return {"name": name, "value": value}


def set_to(
    proxy: Object | None = None,
    pools: Sequence[Object] | None = (POOL,),
    configurations: Sequence[Object] = (),
    daemon_sets: Sequence[Object] | None = (),
    unread: Mapping[str, str] | None = None,
    nodes: Sequence[str] = ("n1", "n2"),
) -> Settings:
    """What is read of these objects; without a DaemonSet given, one with an empty environment is there."""
    objects = {"FelixConfiguration": tuple(configurations), "DaemonSet": tuple(daemon_sets or (calico_node(),))}
    kinds = {} if daemon_sets is None else objects
    why = {"DaemonSet": "forbidden"} if daemon_sets is None else {}
    calico = Inventory(Snapshot(kinds, why))
    return settings(None if proxy is None else kube_proxy_settings(proxy), pools, calico, nodes, unread or {})


def ids(found: Settings) -> list[str]:
    seen = cluster_hazards(found)
    assert all(
        (each.severity, each.remedy) == (CLUSTER_KINDS[each.id].severity, CLUSTER_KINDS[each.id].remedy)
        for each in seen
    )
    return [hazard.id for hazard in seen]


LOST = "pod_source_lost_at_node_port"
CASES = [
    (set_to(BY_CIDR), [LOST]),
    (set_to(BY_CIDR, [POOL, SIX]), [LOST]),
    (set_to(BY_CIDR, [PLAIN_POOL]), ["asymmetric_return"]),
    (set_to(BY_CIDR, configurations=[felix(natOutgoingExclusions="IPPoolsAndHostIPs")]), ["asymmetric_return"]),
    (set_to(BY_INTERFACE, [PLAIN_POOL]), []),
    (set_to({"detectLocalMode": "NodeCIDR"}, [PLAIN_POOL]), []),
    (set_to({}, [PLAIN_POOL]), []),
    (set_to(OTHER_CIDR), ["pool_outside_cluster_cidr", LOST]),
    (set_to(OTHER_CIDR, [SIX]), [LOST]),
    (set_to({**BY_CIDR, "mode": "ipvs"}, [PLAIN_POOL]), ["ipvs_node_clients"]),
    (set_to(BY_INTERFACE, [], [felix(chainInsertMode="Append")]), ["policy_after_kube_proxy"]),
    (set_to(BY_INTERFACE, [], [felix(chainInsertMode="Insert")]), []),
    (
        set_to(BY_INTERFACE, [], daemon_sets=[calico_node(variable("FELIX_CHAININSERTMODE", "append"))]),
        ["policy_after_kube_proxy"],
    ),
    (set_to({"mode": "ipvs"}, configurations=[felix(bpfEnabled=True)]), ["ebpf_preserves_source"]),
    (set_to({}, [], daemon_sets=[calico_node(variable("FELIX_BPFENABLED", "True"))]), ["ebpf_preserves_source"]),
    (set_to({}, [], [felix(bpfEnabled=True)], [calico_node(variable("FELIX_BPFENABLED", "false"))]), []),
    (set_to({}, [], [felix("node.n1", bpfEnabled=True), felix("node.n2", bpfEnabled=True)]), ["ebpf_preserves_source"]),
]


@pytest.mark.parametrize(("found", "hazards"), CASES)
def test_settings_tell_what_is_hazardous(found: Settings, hazards: list[str]) -> None:
    assert ids(found) == hazards


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (set_to(None, [], unread={"kube-proxy": "There is no ConfigMap"}), "kube-proxy: There is no ConfigMap"),
        (set_to({}, None, unread={"IPPools": "forbidden"}), "IPPools: forbidden"),
        (
            set_to({}, [], daemon_sets=None),
            "bpfEnabled: calico-node, whose environment comes first, was not read: forbidden",
        ),
        (
            set_to({}, [], daemon_sets=[{"metadata": {"name": "other"}}]),
            "chainInsertMode: the environment of calico-node, which comes first, is not known",
        ),
        (set_to({}, [], daemon_sets=[calico_node(envFrom=[{}])]), "comes from elsewhere"),
        (set_to({}, [], daemon_sets=[calico_node({"name": "FELIX_BPFENABLED", "valueFrom": {}})]), "from elsewhere"),
        (set_to({}, [], [felix("node.n1", bpfEnabled=True)]), "bpfEnabled: nodes differ in it"),
        (
            set_to({}, [], [felix("some", bpfEnabled=True, nodeSelector="has(bpf)")]),
            "with a nodeSelector sets bpfEnabled",
        ),
    ],
)
def test_what_is_not_known_is_said(found: Settings, said: str) -> None:
    (hazard,) = cluster_hazards(found)
    assert (hazard.id, hazard.severity) == ("kube_proxy_unknown", "note")
    assert said in hazard.message


def test_without_kube_proxy_nothing_is_missing_where_ebpf_does_its_work() -> None:
    found = set_to(None, [], [felix(bpfEnabled=True)], unread={"kube-proxy": "There is no ConfigMap"})
    assert ids(found) == ["ebpf_preserves_source"]


def test_every_hazard_of_a_cluster_has_a_case() -> None:
    assert {hazard for found, _hazards in CASES for hazard in ids(found)} | {"kube_proxy_unknown"} == {*CLUSTER_KINDS}


@pytest.mark.parametrize(
    ("configuration", "masquerades"),
    [
        ({"iptables": {"masqueradeAll": True}}, True),
        ({"nftables": {"masqueradeAll": True}}, False),
        ({"mode": "nftables", "nftables": {"masqueradeAll": True}}, True),
        ({"mode": "ipvs", "iptables": {"masqueradeAll": True}}, True),
    ],
)
def test_the_mode_says_which_setting_counts(configuration: Object, masquerades: bool) -> None:
    assert kube_proxy_settings(configuration).decides.masquerade_all is masquerades


def test_kube_proxys_defaults() -> None:
    found = kube_proxy_settings({"mode": "", "clusterCIDR": None, "detectLocalMode": ""})
    assert (found.mode, found.hostname_override, found.decides.detection.mode) == ("iptables", "", "ClusterCIDR")
    assert found.decides.detection.cluster_cidr == ""
