# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small clusters of every sort, for properties that hold for all of them."""

from __future__ import annotations

from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic
from hypothesis import strategies as st

Object = dict[str, Any]

NAMESPACES = ("shop", "dev", "vault")
_KEYS = ("app", "area", "role")
_VALUES = ("web", "db", "dummy", "")
_NETS = ("10.0.0.0/8", "10.0.1.0/24", "10.0.1.1/32", "192.0.2.0/24", "192.0.2.7", "fd00::/8", "fd00:1::1", "0.0.0.0/0")
_PORTS: tuple[Any, ...] = (80, 443, "8000:8100", "http", "dns")
_UNREAD = ("Namespace", "ServiceAccount", "Pod", "EndpointSlice", "GlobalNetworkSet", "NetworkPolicy", "Tier")
_ICMP = ({"type": 8}, {"type": 8, "code": 0}, {"type": 3})

labels = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=3)
_key, _value = st.sampled_from(_KEYS), st.sampled_from(_VALUES)
_terms = st.one_of(
    st.builds("{} == '{}'".format, _key, _value),
    st.builds("{} != '{}'".format, _key, _value),
    st.builds("has({})".format, _key),
    st.builds("!has({})".format, _key),
    st.builds("{} in {{'{}', '{}'}}".format, _key, _value, _value),
    st.builds("{} not in {{'{}'}}".format, _key, _value),
    st.builds("{} starts with '{}'".format, _key, _value),
    st.builds("{} contains '{}'".format, _key, _value),
    st.just("all()"),
)
selectors = st.recursive(
    _terms,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=4,
)


def _sometimes(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), value)


def _without_none(fields: Object) -> Object:
    return {key: value for key, value in fields.items() if value is not None}


def _side(services: bool) -> st.SearchStrategy[Object]:
    by_service = st.builds(
        lambda name: {"services": {"name": name, "namespace": "shop"}}, st.sampled_from(["web", "none"])
    )
    plain = st.fixed_dictionaries(
        {},
        optional={
            "selector": selectors,
            "notSelector": selectors,
            "namespaceSelector": st.one_of(selectors, st.just("global()")),
            "nets": st.lists(st.sampled_from(_NETS), min_size=1, max_size=2),
            "notNets": st.lists(st.sampled_from(_NETS), min_size=1, max_size=2),
            "serviceAccounts": st.fixed_dictionaries({}, optional={"names": st.just(["robot"]), "selector": selectors}),
        },
    )
    return st.one_of(plain, plain, plain, by_service) if services else plain


@st.composite
def rules(draw: st.DrawFn, direction: str) -> Object:
    """A rule that Calico would take."""
    source, destination = draw(_side(direction == "ingress")), draw(_side(direction == "egress"))
    rule: Object = {"action": draw(st.sampled_from(["Allow", "Deny", "Pass", "Log"]))}
    protocol = draw(st.sampled_from([None, "TCP", "UDP", 17, "ICMP"]))
    if protocol in ("TCP", "UDP", 17) and "services" not in destination:
        listed = st.lists(st.sampled_from(_PORTS), min_size=1, max_size=2)
        destination |= draw(st.fixed_dictionaries({}, optional={"ports": listed, "notPorts": listed}))
        source |= draw(st.fixed_dictionaries({}, optional={"ports": listed})) if draw(st.booleans()) else {}
    if protocol == "ICMP":
        rule |= draw(
            st.fixed_dictionaries({}, optional={"icmp": st.sampled_from(_ICMP), "notICMP": st.sampled_from(_ICMP)})
        )
    other = draw(
        st.sampled_from(
            [{}, {}, {}, {"notProtocol": "TCP"}, {"ipVersion": 4}, {"ipVersion": 6}, {"http": {"methods": ["GET"]}}]
        )
    )
    return _without_none({**rule, **other, "protocol": protocol, "source": source, "destination": destination})


@st.composite
def policies(draw: st.DrawFn, number: int, tiers: tuple[str, ...] = ("default", "security")) -> Object:
    """A policy of one of Calico's kinds, or Kubernetes' own."""
    if draw(st.integers(0, 4)) == 0:
        return draw(_kubernetes_policy(number))
    namespaced = draw(st.booleans())
    spec = {
        "tier": draw(st.sampled_from(tiers)),
        "order": draw(st.sampled_from([None, 10, 10, 500, 2000])),
        "selector": draw(_sometimes(selectors)),
        "serviceAccountSelector": draw(_sometimes(selectors)) if draw(st.booleans()) else None,
        "namespaceSelector": None if namespaced else draw(_sometimes(selectors)),
        "types": draw(st.sampled_from([None, ["Ingress"], ["Egress"], ["Ingress", "Egress"]])),
        "ingress": draw(st.lists(rules("ingress"), max_size=3)),
        "egress": draw(st.lists(rules("egress"), max_size=3)),
    }
    metadata = {"name": f"p{number}", **({"namespace": draw(st.sampled_from(NAMESPACES))} if namespaced else {})}
    kind = "NetworkPolicy" if namespaced else "GlobalNetworkPolicy"
    return {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": _without_none(spec)}


@st.composite
def _kubernetes_policy(draw: st.DrawFn, number: int) -> Object:
    chosen = st.builds(lambda found: {"matchLabels": found}, labels)
    peer = st.one_of(
        st.builds(lambda s: {"podSelector": s}, chosen),
        st.builds(lambda s, n: {"podSelector": s, "namespaceSelector": n}, chosen, chosen),
        st.just({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.1.0/24"]}}),
    )
    ports = st.lists(st.sampled_from([{"port": 80}, {"port": "http"}, {"port": 53, "protocol": "UDP"}, {}]), max_size=2)
    listed = st.lists(peer, max_size=2)
    ingress = st.builds(lambda peers, p: {"from": peers, "ports": p}, listed, ports)
    egress = st.builds(lambda peers, p: {"to": peers, "ports": p}, listed, ports)
    spec = {
        "podSelector": draw(chosen),
        "policyTypes": draw(st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]])),
        "ingress": draw(st.lists(ingress, max_size=2)),
        "egress": draw(st.lists(egress, max_size=2)),
    }
    metadata = {"name": f"k{number}", "namespace": draw(st.sampled_from(NAMESPACES))}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


@st.composite
def _pod(draw: st.DrawFn, number: int) -> Object:
    addresses = [{"ip": f"10.0.{number % 3}.{number + 1}"}, {"ip": f"fd00:{number}::1"}]
    found = draw(st.sampled_from([addresses[:1], addresses[:1], addresses, addresses[1:], []]))
    port = {"containerPort": draw(st.sampled_from([80, 8080])), "name": "http"}
    spec = {
        "nodeName": draw(st.sampled_from(["n1", "n2"])),
        "serviceAccountName": draw(st.sampled_from(["default", "robot"])),
        "containers": [{"ports": draw(st.sampled_from([[], [port], [{**port, "protocol": "UDP"}]]))}],
    }
    metadata = {"name": f"pod{number}", "namespace": draw(st.sampled_from(NAMESPACES)), "labels": draw(labels)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Running", "podIPs": found},
    }


@st.composite
def endpoints(draw: st.DrawFn) -> list[Object]:
    """Namespaces, service accounts, Pods, network sets and EndpointSlices."""
    found: list[Object] = []
    for name in NAMESPACES:
        found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": draw(labels)}})
        metadata = {"name": "robot", "namespace": name, "labels": draw(labels)}
        found.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    found += [draw(_pod(number)) for number in range(draw(st.integers(2, 5)))]
    for number in range(draw(st.integers(0, 2))):
        nets = draw(st.lists(st.sampled_from(_NETS), max_size=2))
        namespace = draw(st.sampled_from([{}, {"namespace": "shop"}]))
        metadata = {"name": f"set{number}", "labels": draw(labels), **namespace}
        kind = "NetworkSet" if namespace else "GlobalNetworkSet"
        found.append({"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": metadata, "spec": {"nets": nets}})
    addresses = draw(st.lists(st.sampled_from(["10.0.0.1", "10.0.1.2", "192.0.2.7"]), max_size=2))
    metadata = {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}}
    ports = [{"port": draw(st.sampled_from([80, 443])), "protocol": "TCP"}]
    slices = {"endpoints": [{"addresses": [address]} for address in addresses], "ports": ports}
    return [*found, {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, **slices}]


tiers = st.sampled_from(
    [
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "Tier",
            "metadata": {"name": "security"},
            "spec": {"order": order, "defaultAction": action},
        }
        for order in (10, 2_000_000)
        for action in ("Deny", "Pass")
    ]
)


@st.composite
def clusters(draw: st.DrawFn, unread: bool = True) -> Snapshot:
    """A whole cluster; with ``unread`` some kinds may be missing from it."""
    count = draw(st.integers(0, 4))
    objects = [*draw(endpoints()), draw(tiers), *(draw(policies(number)) for number in range(count))]
    missing = draw(st.sets(st.sampled_from(_UNREAD), max_size=2)) if unread and draw(st.booleans()) else set()
    return snapshot(
        [item for item in objects if item["kind"] not in missing], {kind: "forbidden" for kind in sorted(missing)}, {}
    )


traffic = st.one_of(
    st.builds(
        Traffic,
        st.sampled_from([6, 17]),
        st.sampled_from([80, 443, 8050, 8080, 53, None]),
        st.sampled_from([40000, 80, None]),
    ),
    st.builds(
        lambda t, c: Traffic(1, icmp_type=t, icmp_code=c), st.sampled_from([8, 3, None]), st.sampled_from([0, 1, None])
    ),
    st.just(Traffic(47)),
)
