# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large cluster as plain objects: labels as real workloads have them, the default baseline, and random policies."""

from __future__ import annotations

import random
from typing import Any

Object = dict[str, Any]

_ENVIRONMENTS = ("prod", "staging", "dev")
_TEAMS = tuple(f"team-{number}" for number in range(20))
_APPS = tuple(f"app-{number}" for number in range(60))
_VERSIONS = tuple(f"v{number}" for number in range(5))
_PARTS = ("web", "db", "cache")
_PORTS: tuple[Any, ...] = (80, 443, 8080, 5432, "8000:8100", "http")
CALICO = "projectcalico.org/v3"


def endpoints(pods: int, namespaces: int) -> list[Object]:
    """Namespaces, service accounts and running Pods; always the same ones."""
    chance = random.Random(1)
    found: list[Object] = []
    for number in range(namespaces):
        labels = {"env": chance.choice(_ENVIRONMENTS), "team": chance.choice(_TEAMS)}
        labels |= {"privileged-namespace": "true"} if chance.random() < 0.05 else {}
        found.append(_object("v1", "Namespace", {"name": f"ns-{number}", "labels": labels}))
        found.append(_object("v1", "ServiceAccount", {"name": "default", "namespace": f"ns-{number}"}))
    return [*found, *(_pod(number, namespaces, chance) for number in range(pods))]


def _pod(number: int, namespaces: int, chance: random.Random) -> Object:
    labels = {
        "app": chance.choice(_APPS),
        "part": chance.choice(_PARTS),
        "version": chance.choice(_VERSIONS),
        # A label of its own for nearly every Pod, as Deployments and StatefulSets give them.
        "pod-template-hash": f"{chance.randrange(16**8):08x}",
        "statefulset.kubernetes.io/pod-name": f"pod-{number}",
    }
    labels |= {"area": "dummy"} if chance.random() < 0.02 else {}
    port = {"name": "http", "containerPort": chance.choice((80, 8080))}
    spec = {"nodeName": f"node-{number % 100}", "serviceAccountName": "default", "containers": [{"ports": [port]}]}
    metadata = {"name": f"pod-{number}", "namespace": f"ns-{number % namespaces}", "labels": labels}
    address = f"10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"
    status = {"phase": "Running", "podIPs": [{"ip": address}]}
    return {**_object("v1", "Pod", metadata), "spec": spec, "status": status}


def lifelines(nodes: int, replicas: int) -> list[Object]:
    """What the lock-out checks ask about: nodes, three of which have an API server, and the replicas of DNS."""
    found = [_node(number) for number in range(nodes)]
    found += _service("default", "kubernetes", {"https": ("TCP", 443, 6443)}, [f"172.18.0.{n + 1}" for n in range(3)])
    ports = {"dns": ("UDP", 53, 53), "dns-tcp": ("TCP", 53, 53)}
    addresses = [f"10.250.0.{number + 1}" for number in range(replicas)]
    found += _service("kube-system", "kube-dns", ports, addresses)
    return [*found, *(_replica(number, address) for number, address in enumerate(addresses))]


def _node(number: int) -> Object:
    status = {"addresses": [{"type": "InternalIP", "address": f"172.18.{number // 250}.{number % 250 + 1}"}]}
    return {**_object("v1", "Node", {"name": f"node-{number}"}), "status": status}


def _replica(number: int, address: str) -> Object:
    metadata = {"name": f"coredns-{number}", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
    spec, status = {"nodeName": f"node-{number}", "containers": []}, {"phase": "Running", "podIP": address}
    return {**_object("v1", "Pod", metadata), "spec": spec, "status": status}


def _service(namespace: str, name: str, ports: dict[str, tuple[str, int, int]], addresses: list[str]) -> list[Object]:
    metadata = {"name": name, "namespace": namespace, "labels": {"k8s-app": name}}
    outside = [{"name": key, "protocol": protocol, "port": port} for key, (protocol, port, _behind) in ports.items()]
    behind = [{"name": key, "protocol": protocol, "port": port} for key, (protocol, _port, port) in ports.items()]
    labels = {"kubernetes.io/service-name": name}
    slices = _object("discovery.k8s.io/v1", "EndpointSlice", {**metadata, "labels": labels})
    ends = {"ports": behind, "endpoints": [{"addresses": [address]} for address in addresses]}
    return [{**_object("v1", "Service", metadata), "spec": {"ports": outside}}, {**slices, **ends}]


def policies(count: int, namespaces: int, seed: int) -> list[Object]:
    """Random policies, half of them global, in the tier default."""
    chance = random.Random(seed)
    return [_policy(number, namespaces, seed, chance) for number in range(count)]


def _policy(number: int, namespaces: int, seed: int, chance: random.Random) -> Object:
    spec = {
        "tier": "default",
        "order": chance.randrange(1, 2000),
        "selector": _selector(chance),
        "types": ["Ingress", "Egress"],
        "ingress": [_rule("source", namespaces, chance) for _again in range(chance.randrange(1, 4))],
        "egress": [_rule("destination", namespaces, chance) for _again in range(chance.randrange(1, 4))],
    }
    if number % 2:
        metadata = {"name": f"local-{seed}-{number}", "namespace": f"ns-{chance.randrange(namespaces)}"}
        return {**_object(CALICO, "NetworkPolicy", metadata), "spec": spec}
    if chance.random() < 0.5:
        spec["namespaceSelector"] = _namespaces(namespaces, chance)
    return {**_object(CALICO, "GlobalNetworkPolicy", {"name": f"global-{seed}-{number}"}), "spec": spec}


def _rule(side: str, namespaces: int, chance: random.Random) -> Object:
    end: Object = {}
    if chance.random() < 0.6:
        end["selector"] = _selector(chance)
    if chance.random() < 0.4:
        end["namespaceSelector"] = _namespaces(namespaces, chance)
    if not end or chance.random() < 0.2:
        end["nets"] = [f"10.0.{chance.randrange(40)}.0/24", f"192.0.2.{chance.randrange(16) * 16}/28"]
    rule: Object = {"action": chance.choice(("Allow", "Allow", "Deny", "Pass")), side: end}
    if chance.random() < 0.6:
        rule["protocol"] = "TCP"
        rule["destination"] = {**rule.get("destination", {}), "ports": [chance.choice(_PORTS)]}
    return rule


def _selector(chance: random.Random) -> str:
    return chance.choice(
        (
            f"app == '{chance.choice(_APPS)}'",
            f"part in {{'{chance.choice(_PARTS)}', '{chance.choice(_PARTS)}'}}",
            f"version != '{chance.choice(_VERSIONS)}' && part == 'web'",
            "has(area)",
            "app starts with 'app-1'",
        )
    )


def _namespaces(namespaces: int, chance: random.Random) -> str:
    return chance.choice(
        (
            f"env == '{chance.choice(_ENVIRONMENTS)}'",
            f"team in {{'{chance.choice(_TEAMS)}', '{chance.choice(_TEAMS)}'}}",
            f"projectcalico.org/name == 'ns-{chance.randrange(namespaces)}'",
            "has(privileged-namespace)",
        )
    )


def _object(version: str, kind: str, metadata: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
