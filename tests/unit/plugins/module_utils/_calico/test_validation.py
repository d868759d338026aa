# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields, their types and limits, for every kind; and that nothing whatever makes the validation raise."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests
from ansible_collections.netguard.calico.plugins.module_utils._calico.fields import KINDS
from ansible_collections.netguard.calico.plugins.module_utils._calico.policy_warnings import warnings
from ansible_collections.netguard.calico.plugins.module_utils._calico.validation import faults

from calico_objects import CALICO, Manifest, global_policy, ingress, item, kubernetes_policy, source

EVERYTHING = item(
    "StagedGlobalNetworkPolicy",
    {
        "stagedAction": "Set",
        "tier": "security",
        "order": 10.5,
        "selector": "has(a)",
        "namespaceSelector": "has(b)",
        "serviceAccountSelector": "has(c)",
        "types": ["Ingress", "Egress"],
        "applyOnForward": True,
        "doNotTrack": True,
        "preDNAT": False,
        "performanceHints": ["AssumeNeededOnEveryNode"],
        "ingress": [
            {
                "action": "Allow",
                "ipVersion": 4,
                "protocol": "TCP",
                "notProtocol": "UDP",
                "http": {"methods": ["GET"], "paths": [{"exact": "/a"}, {"prefix": "/b"}]},
                "source": {
                    "nets": ["10.0.0.0/8"],
                    "notNets": ["10.1.0.0/16"],
                    "selector": "has(d)",
                    "notSelector": "has(e)",
                    "namespaceSelector": "global()",
                    "ports": [80, "http", "8000:8100"],
                    "notPorts": [8080],
                    "serviceAccounts": {"names": ["f"], "selector": "has(g)"},
                },
                "destination": {"ports": [443]},
                "metadata": {"annotations": {"a/b": "c"}},
            },
            {"action": "Pass", "source": {"services": {"name": "h", "namespace": "i"}}},
        ],
        "egress": [
            {"action": "Deny", "protocol": "ICMP", "icmp": {"type": 8, "code": 0}, "notICMP": {"type": 254}},
            {"action": "Log"},
        ],
    },
    labels={"a.b/C": "D_e"},
    annotations={"A.b/C": "anything\n"},
)


def paths(manifest: object) -> list[str]:
    return [fault.path for fault in faults(manifest)]


def with_metadata(**metadata: Any) -> Manifest:
    return item("GlobalNetworkPolicy", {}, **metadata)


@pytest.mark.parametrize(
    "manifest",
    [
        EVERYTHING,
        global_policy(),
        global_policy(selector="", order=None, types=None, ingress=None, tier=None, preDNAT=None),
        global_policy(order=0),
        global_policy(order=-1.5),
        global_policy(order=10**25),
        global_policy(ingress=[], egress=[], performanceHints=[]),
        global_policy(tier="a.b"),
        global_policy(types=["Egress", "Ingress"]),
        global_policy(selector="has(a) ".ljust(1024)),
        ingress(source=None, destination={}, metadata={}),
        ingress(http={}),
        source(ports=[], nets=[]),
        source(serviceAccounts={}),
        source(serviceAccounts={"names": ["", "Not A Name"], "selector": ""}),
        with_metadata(labels={"a": None}, annotations={"b": None}),
        with_metadata(labels=None, annotations={}, namespace=None),
        with_metadata(
            uid="1", resourceVersion="2", generation=3, creationTimestamp=None, managedFields=[], selfLink="/x"
        ),
        with_metadata(annotations={"a": "x" * (256 * 1024 - 1)}),
        item("NetworkPolicy", {"order": 1, "selector": "has(a)", "ingress": [{"action": "Allow"}]}, namespace="shop"),
        item("NetworkPolicy", {}, name="knp.default.a.b.c"),
        item("GlobalNetworkSet", {}),
        item("GlobalNetworkSet", {"nets": None}),
        item("GlobalNetworkSet", {"nets": ["10.0.0.1/8", "192.0.2.1", "fd00::1", "::ffff:1.2.3.4"]}, labels={"a": "b"}),
        item("NetworkSet", {"nets": []}, namespace="shop"),
        item("Tier", {}),
        item("Tier", {"order": 5, "defaultAction": "Pass"}),
        {**item("Tier", {}), "status": {"conditions": []}},
        item("HostEndpoint", {"node": "n1", "interfaceName": "*"}),
        item(
            "HostEndpoint",
            {
                "node": "n1.example",
                "interfaceName": "eth0",
                "expectedIPs": ["192.0.2.1", "fd00::1"],
                "profiles": ["kns.a"],
                "ports": [{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "dns", "port": 53, "protocol": 17}],
            },
        ),
        kubernetes_policy(),
        {key: value for key, value in kubernetes_policy().items() if key != "spec"},
    ],
)
def test_what_is_accepted(manifest: Manifest) -> None:
    assert [str(fault) for fault in faults(manifest)] == []


@pytest.mark.parametrize(
    ("manifest", "wrong"),
    [
        (global_policy(ordr=1, Selector="all()"), ["spec.ordr", "spec.Selector"]),
        ({**global_policy(), "status": {}}, ["status"]),
        (item("GlobalNetworkPolicy", None), ["spec"]),
        (item("GlobalNetworkPolicy", []), ["spec"]),
        ({"apiVersion": CALICO, "kind": "GlobalNetworkPolicy"}, ["metadata", "spec"]),
        ({"apiVersion": CALICO, "kind": "Tier", "metadata": [], "spec": {}}, ["metadata"]),
        ({"apiVersion": CALICO, "kind": "Tier", "metadata": {}, "spec": {}}, ["metadata.name"]),
        (global_policy(order="5"), ["spec.order"]),
        (global_policy(order=True), ["spec.order"]),
        (global_policy(order=10**400), ["spec.order"]),
        (global_policy(order=float("nan")), ["spec.order"]),
        (global_policy(order=float("inf")), ["spec.order"]),
        (global_policy(applyOnForward="yes", doNotTrack=1, preDNAT=0),
         ["spec.applyOnForward", "spec.doNotTrack", "spec.preDNAT"]),
        (global_policy(types=[]), ["spec.types"]),
        (global_policy(types="Ingress"), ["spec.types"]),
        (global_policy(types=["ingress", None, 1]), ["spec.types", "spec.types[0]", "spec.types[1]"]),
        (global_policy(types=["Ingress", "Ingress"]), ["spec.types[1]"]),
        (global_policy(performanceHints=["AssumeNeededOnEveryNode"] * 2), ["spec.performanceHints[1]"]),
        (global_policy(performanceHints=["x"]), ["spec.performanceHints[0]"]),
        (global_policy(tier="Upper"), ["spec.tier"]),
        (global_policy(stagedAction="Set"), ["spec.stagedAction"]),
        (global_policy(selector="a is b", namespaceSelector="has(", serviceAccountSelector="x"),
         ["spec.selector", "spec.namespaceSelector", "spec.serviceAccountSelector"]),
        (global_policy(selector="has(a)".ljust(1025)), ["spec.selector"]),
        (global_policy(ingress={}), ["spec.ingress"]),
        (global_policy(ingress=[None, "x", [], {}]),
         ["spec.ingress[0]", "spec.ingress[1]", "spec.ingress[2]", "spec.ingress[3].action"]),
        (global_policy(ingress=[{"action": "Allow"}] * 1025), ["spec.ingress"]),
        (ingress(action="allow"), ["spec.ingress[0].action"]),
        (ingress(action=None), ["spec.ingress[0].action"]),
        (ingress(ipVersion=5), ["spec.ingress[0].ipVersion"]),
        (ingress(ipVersion="4"), ["spec.ingress[0].ipVersion"]),
        (ingress(ipVersion=4.0), ["spec.ingress[0].ipVersion"]),
        (ingress(protocol="tcp", notProtocol=0), ["spec.ingress[0].protocol", "spec.ingress[0].notProtocol"]),
        (ingress(protocol=True), ["spec.ingress[0].protocol"]),
        (ingress(protocol="ICMP", icmp={"type": 255, "code": 256}), ["spec.ingress[0].icmp.type", "spec.ingress[0].icmp.code"]),
        (ingress(notICMP={"type": True}), ["spec.ingress[0].notICMP.type"]),
        (ingress(notICMP={"type": 8.0}), ["spec.ingress[0].notICMP.type"]),
        (ingress(notICMP=[]), ["spec.ingress[0].notICMP"]),
        (ingress(source=[], destination="x"), ["spec.ingress[0].source", "spec.ingress[0].destination"]),
        (ingress(http={"methods": ["GET", "GET"], "path": []}), ["spec.ingress[0].http.methods[1]", "spec.ingress[0].http.path"]),
        (ingress(http={"methods": [str(n) for n in range(21)]}), ["spec.ingress[0].http.methods"]),
        (ingress(http={"paths": [{"exact": "/" * 1025}]}), ["spec.ingress[0].http.paths[0].exact"]),
        (ingress(metadata={"annotations": {"-": "x"}}), ["spec.ingress[0].metadata.annotations['-']"]),
        (ingress(metadata={"annotations": {"a": 1}}), ["spec.ingress[0].metadata.annotations.a"]),
        (source(nets=["10.0.0.1/8"]), ["spec.ingress[0].source.nets[0]"]),
        (source(nets=["192.0.2.1"]), ["spec.ingress[0].source.nets[0]"]),
        (source(notNets=["010.0.0.0/8", "", None, 5]), [f"spec.ingress[0].source.notNets[{n}]" for n in range(4)]),
        (source(nets=["fe80::%eth0/64"]), ["spec.ingress[0].source.nets[0]"]),
        (source(nets=["10.0.0.0/8"] * 2), ["spec.ingress[0].source.nets[1]"]),
        (source(nets=[f"10.0.{n}.0/24" for n in range(256)] + ["10.1.0.0/24"]), ["spec.ingress[0].source.nets"]),
        (source(ports=[-1, 70000, 80.0, True, None, "80-90"]), [f"spec.ingress[0].source.ports[{n}]" for n in range(6)]),
        (source(notPorts=list(range(1, 52))), ["spec.ingress[0].source.notPorts"]),
        (source(selector=5, notSelector="(("), ["spec.ingress[0].source.selector", "spec.ingress[0].source.notSelector"]),
        (source(namespace="shop"), ["spec.ingress[0].source.namespace"]),
        (source(services={"name": "A", "namespace": "b"}), ["spec.ingress[0].source.services.name"]),
        (source(services={"name": "a" * 254, "namespace": "b"}), ["spec.ingress[0].source.services.name"]),
        (source(serviceAccounts={"names": ["a", "a"], "selector": "x"}),
         ["spec.ingress[0].source.serviceAccounts.names[1]", "spec.ingress[0].source.serviceAccounts.selector"]),
        (with_metadata(name="a.b.c"), ["metadata.name"]),
        (with_metadata(name="Web"), ["metadata.name"]),
        (with_metadata(name=""), ["metadata.name"]),
        (with_metadata(name="a" * 254), ["metadata.name"]),
        (with_metadata(name=7), ["metadata.name"]),
        (with_metadata(nmae="a"), ["metadata.nmae"]),
        (with_metadata(labels={"a": 1, "-": "b", "c": "d" * 64, 5: "e"}),
         ["metadata.labels.a", "metadata.labels['-']", "metadata.labels.c", "metadata.labels"]),
        (with_metadata(labels=["a"]), ["metadata.labels"]),
        (with_metadata(annotations={"a": "x" * 256 * 1024}), ["metadata.annotations"]),
        (with_metadata(annotations={"a": "é" * 128 * 1024}), ["metadata.annotations"]),
        (item("GlobalNetworkSet", {"nets": ["10.0.0.0/33", "", "10.0.0.0/8", "10.0.0.0/8"]}),
         ["spec.nets[0]", "spec.nets[1]", "spec.nets[3]"]),
        (item("NetworkSet", {"nets": "10.0.0.0/8"}), ["spec.nets"]),
        (item("Tier", {"order": "5", "defaultAction": "Allow"}), ["spec.order", "spec.defaultAction"]),
        (item("Tier", {}, name="a.b"), ["metadata.name"]),
        (item("Tier", {}, name="a" * 64), ["metadata.name"]),
        (item("HostEndpoint", {"node": "N", "interfaceName": "a" * 16}), ["spec.node", "spec.interfaceName"]),
        (item("HostEndpoint", {"node": "n", "expectedIPs": ["10.0.0.0/8", "192.0.2.1", "192.0.2.1"], "profiles": [""]}),
         ["spec.expectedIPs[0]", "spec.expectedIPs[2]", "spec.profiles[0]"]),
        (item("HostEndpoint", {"node": "n", "interfaceName": "*", "ports": [{"name": "80", "port": 0}]}),
         ["spec.ports[0].name", "spec.ports[0].port", "spec.ports[0].protocol"]),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(manifest: object, wrong: list[str]) -> None:
    assert sorted(paths(manifest)) == sorted(wrong)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("text", "is a string, not an object"),
        (None, "is nothing, not an object"),
        ({}, "is nothing nothing, which is none of projectcalico.org/v3 GlobalNetworkPolicy"),
        ({"apiVersion": ["v1"], "kind": {}}, "is a list a mapping, which is none of"),
        ({"apiVersion": "v1", "kind": "Pod"}, "is 'v1' 'Pod', which is none of"),
        (global_policy(ordr=1), "spec.ordr: unknown field, is order meant?"),
        (global_policy(SELECTOR=""), "spec.SELECTOR: unknown field, is selector meant?"),
        (global_policy(colour=""), "spec.colour: unknown field"),
        (source(nets=["10.0.0.1/8"]), "behind its prefix, which a rule's network must not have: 10.0.0.0/8"),
        (source(nets=["192.0.2.1"]), "has no prefix length, which a rule's network must have: 192.0.2.1/32"),
        (global_policy(selector="has(a"), "is not a selector: at character 6 ) was expected"),
        (ingress(action="allow"), "is 'allow', not Allow, Deny, Log or Pass"),
        (global_policy(types=["Ingress", "Ingress"]), "spec.types[1]: is 'Ingress' like [0]"),
    ],
)
def test_the_message_says_what_is_wanted(manifest: object, said: str) -> None:
    assert said in " ".join(map(str, faults(manifest)))


def test_all_faults_are_found_at_once() -> None:
    bad = copy.deepcopy(EVERYTHING)
    bad["metadata"]["name"], bad["spec"]["order"] = "X", "1"
    bad["spec"]["ingress"][0]["source"]["nets"], bad["spec"]["egress"][1]["action"] = ["x"], "x"
    assert paths(bad) == ["metadata.name", "spec.order", "spec.ingress[0].source.nets[0]", "spec.egress[1].action"]


def test_the_default_policies_are_accepted() -> None:
    assert [faults(manifest) for manifest in default_manifests(Placeholders())] == [[], [], [], []]


def nested(depth: int, leaf: Any) -> Any:
    for _level in range(depth):
        leaf = [{"ingress": leaf, "source": leaf}]
    return leaf


NASTY: list[Any] = [
    None, True, 0, -1, 10**5000, 1.5, float("nan"), float("inf"), "", "x" * 100_000, "\ud800", "a\x00b", "(" * 5000, "!" * 5000,
    b"bytes", [], {}, [None], [[]], [{}], {"": ""}, {None: 1}, {5: [5]}, {(1, 2): 3}, {"\ud800": "\ud800"}, {10**5000: 1},
    {1.5, 2}, nested(20, None), ["x", "x"], {"a": {"b": {"c": []}}}, "has(a)", "10.0.0.0/8", "Ingress", object(),
]  # fmt: skip


def every_place(value: Any) -> list[tuple[Any, Any]]:
    """The container and the key of everything in the value."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for part in value.values() for place in every_place(part)]
    if isinstance(value, list):
        return [(value, index) for index in range(len(value))] + [
            place for part in value for place in every_place(part)
        ]
    return []


def test_nothing_makes_it_raise() -> None:
    generator = random.Random(1)
    complete = [
        EVERYTHING,
        item(
            "HostEndpoint",
            {"node": "n", "ports": [{"name": "a", "port": 1, "protocol": "TCP"}], "expectedIPs": ["1.1.1.1"]},
        ),
        item("Tier", {"order": 1, "defaultAction": "Pass"}, name="default"),
        item("NetworkSet", {"nets": ["10.0.0.0/8"]}, labels={"a": "b"}),
        kubernetes_policy(
            ingress=[
                {
                    "from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9"]}}],
                    "ports": [{"port": 1, "endPort": 2}],
                }
            ],
            podSelector={"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
        ),
    ]
    for number in range(4000):
        whole = [copy.deepcopy(complete[number % len(complete)])]
        for container, key in generator.sample(every_place(whole), generator.choice([1, 2, 5])):
            if key != 0 and generator.random() < 0.3:
                container[key] = None
            else:
                container[key] = generator.choice(NASTY)
        assert not any("\n" in str(fault) for fault in faults(whole[0]))
        assert all(map(str, warnings(whole * 2)))


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_nothing_is_a_manifest_that_is_none(value: object) -> None:
    assert faults(value)
    assert warnings([value]) == []
    assert all(
        faults({"apiVersion": version, "kind": kind, "metadata": value, "spec": value}) for version, kind in KINDS
    )


def test_what_nests_deeper_than_the_stack() -> None:
    deep: Any = []
    for _level in range(100_000):
        deep = [deep]
    for manifest in (global_policy(ingress=deep, selector=deep, x=deep), source(nets=deep), ingress(http=deep), deep):
        assert faults(manifest)
        assert isinstance(warnings([manifest]), list)
