# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes' own policies in the form that Calico gives them, as specs of a policy of Calico's.

Rules: libcalico-go/lib/backend/k8s/conversion of Calico. A rule becomes one rule for each protocol and each peer, in this order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import labels
from .nets import parse_net
from .snapshot import Object, items, mapping, strings, text

NETWORK_POLICY_ORDER = 1000
_CLUSTER_TIERS = {"Admin": "kube-admin", "Baseline": "kube-baseline"}
_CLUSTER_ACTIONS = {"Accept": "Allow", "Deny": "Deny", "Pass": "Pass"}


def from_network_policy(spec: Object) -> dict[str, Any]:
    """The spec of a NetworkPolicy of networking.k8s.io as one of Calico's NetworkPolicy."""
    types = [t for t in ("Ingress", "Egress") if t in items(spec.get("policyTypes"))]
    return {
        "order": NETWORK_POLICY_ORDER,
        "selector": pod_selector(spec.get("podSelector")),
        "types": types or ["Ingress"],
        "ingress": [r for rule in items(spec.get("ingress")) for r in _rules(mapping(rule), "from", "source")],
        "egress": [r for rule in items(spec.get("egress")) for r in _rules(mapping(rule), "to", "destination")],
    }


def from_cluster_network_policy(spec: Object) -> dict[str, Any]:
    """The spec of a ClusterNetworkPolicy of policy.networking.k8s.io as one of Calico's GlobalNetworkPolicy."""
    subject = mapping(spec.get("subject"))
    pods = mapping(subject.get("pods"))
    namespaces = subject.get("namespaces") if "namespaces" in subject else pods.get("namespaceSelector", {})
    ingress = [r for rule in items(spec.get("ingress")) for r in _cluster_rules(mapping(rule), "from", "source")]
    egress = [r for rule in items(spec.get("egress")) for r in _cluster_rules(mapping(rule), "to", "destination")]
    return {
        "tier": _CLUSTER_TIERS.get(text(spec.get("tier")), ""),
        "order": spec.get("priority"),
        "selector": pod_selector(pods.get("podSelector")),
        "namespaceSelector": namespace_selector(namespaces),
        "types": [*(["Ingress"] if ingress else []), *(["Egress"] if egress else [])],
        "ingress": ingress,
        "egress": egress,
    }


def pod_selector(selector: Any) -> str:
    """A label selector for Pods as Calico spells it; Calico adds that it means Pods and no host endpoints."""
    return " && ".join([f"{labels.ORCHESTRATOR} == 'k8s'", *_terms(mapping(selector))])


def namespace_selector(selector: Any) -> str:
    """A label selector for namespaces as Calico spells it; an empty one means all, none at all means nothing."""
    if selector is None:
        return ""
    return " && ".join(_terms(mapping(selector))) or "all()"


def _terms(selector: Object) -> Iterator[str]:
    for label, value in sorted(strings(selector.get("matchLabels")).items()):
        yield f"{label} == '{value}'"
    for expression in items(selector.get("matchExpressions")):
        key, operator = mapping(expression).get("key"), mapping(expression).get("operator")
        values = "', '".join(map(str, items(mapping(expression).get("values"))))
        if operator in ("In", "NotIn"):
            yield f"{key} {'in' if operator == 'In' else 'not in'} {{ '{values}' }}"
        elif operator in ("Exists", "DoesNotExist"):
            yield f"has({key})" if operator == "Exists" else f"! has({key})"


def _rules(rule: Object, peers_key: str, peer_side: str) -> Iterator[dict[str, Any]]:
    peers: Sequence[Any] = items(rule.get(peers_key)) or [None]
    for protocol, ports in sorted(_protocol_ports(items(rule.get("ports"))).items()):
        for peer in peers:
            yield _rule("Allow", protocol, ports, peer_side, {} if peer is None else _peer(mapping(peer)))


def _rule(action: str, protocol: str, ports: Sequence[Any], peer_side: str, peer: Mapping[str, Any]) -> dict[str, Any]:
    built: dict[str, Any] = {"action": action, peer_side: dict(peer)}
    if protocol:
        built["protocol"] = protocol
    if ports:
        built["destination"] = {**built.get("destination", {}), "ports": list(ports)}
    return built


def _protocol_ports(ports: Sequence[Any]) -> dict[str, list[Any]]:
    """Ports by protocol, none meaning all of them; one key, the empty one, where no port is named at all."""
    if not ports:
        return {"": []}
    found: dict[str, list[Any] | None] = {}
    for port in map(mapping, ports):
        value, end = port.get("port"), port.get("endPort")
        _add_port(found, text(port.get("protocol")) or "TCP", value if end is None else f"{value}:{end}")
    return {protocol: listed or [] for protocol, listed in found.items()}


def _add_port(found: dict[str, list[Any] | None], protocol: str, port: Any) -> None:
    """Adds a port; None stands for all of the protocol, and is not narrowed by others."""
    listed = found.get(protocol, [])
    found[protocol] = None if port is None or listed is None else [*listed, port]


def _peer(peer: Object) -> dict[str, Any]:
    block = mapping(peer.get("ipBlock"))
    if "ipBlock" in peer:
        return {"nets": [block.get("cidr")], "notNets": items(block.get("except"))}
    return {
        "selector": pod_selector(peer.get("podSelector")),
        "namespaceSelector": namespace_selector(peer.get("namespaceSelector")),
    }


def _cluster_rules(rule: Object, peers_key: str, peer_side: str) -> list[dict[str, Any]]:
    """The rules of one; where Calico cannot take it, its Deny or Pass denies everybody and its Accept is left out."""
    action = _CLUSTER_ACTIONS.get(text(rule.get("action")), "")
    try:
        protocols = _cluster_ports(items(rule.get("protocols")))
        peers = [_cluster_peer(mapping(peer), peer_side) for peer in items(rule.get(peers_key))]
    except _NotTaken:
        return [{"action": "Deny"}] if action in ("Deny", "Pass") else []
    return [
        _rule(action, protocol, ports, peer_side, peer)
        for protocol, ports in sorted(protocols.items())
        for peer in peers
    ]


class _NotTaken(Exception):
    """Calico does not take this rule."""


def _cluster_peer(peer: Object, peer_side: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if peer.get("namespaces") is not None:
        found["namespaceSelector"] = namespace_selector(peer["namespaces"])
    if peer.get("pods") is not None:
        pods = mapping(peer["pods"])
        found["selector"] = pod_selector(pods.get("podSelector"))
        found["namespaceSelector"] = namespace_selector(pods.get("namespaceSelector", {}))
    if items(peer.get("networks")) and peer_side == "destination":
        if any(parse_net(net) is None for net in peer["networks"]):
            raise _NotTaken
        found["nets"] = list(peer["networks"])
    if not found:
        raise _NotTaken
    return found


def _cluster_ports(protocols: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any] | None] = {}
    for entry in map(mapping, protocols):
        if entry.get("destinationNamedPort"):
            raise _NotTaken
        name = next((p for p in ("tcp", "udp", "sctp") if entry.get(p) is not None), "")
        if not name:
            return {"": []}
        _add_port(found, name.upper(), _cluster_port(mapping(mapping(entry[name]).get("destinationPort"))))
    return {protocol: listed or [] for protocol, listed in found.items()} or {"": []}


def _cluster_port(port: Object) -> Any:
    span = mapping(port.get("range"))
    return port.get("number") or (f"{span.get('start')}:{span.get('end')}" if span else None)
