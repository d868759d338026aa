# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found of policies on paths to Services, as a table, with the reasons why a policy does not match, and remedies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# Kind, namespace and name of a policy.
Identity: TypeAlias = "tuple[str, str, str]"
# Reasons why a policy does not decide on a path what it decides directly.
BY_NODE_PORT = "bypassed_by_node_port"
BY_PROXY = "bypassed_by_proxy_load_balancer"
CLIENT_HIDDEN = "client_not_seen"
DESTINATION_HIDDEN = "destination_not_seen"
OWN_NODE = "own_node_not_subject"
BY_TUNNEL = "tunnel_address_seen"
# What may be done about each.
REMEDIES: Mapping[str, str] = {
    BY_NODE_PORT: "Deny the same clients the nodes' ports of Services (gaps have the manifest), or use the eBPF data plane.",
    BY_PROXY: "Let the load balancer hand on the client's address, or say at the load balancer who may come.",
    CLIENT_HIDDEN: "Set externalTrafficPolicy to Local for clients outside; let Pods ask the cluster IP.",
    DESTINATION_HIDDEN: "Let Pods ask the cluster IP, or let them go to the nodes' ports or the load balancer's address too.",
    OWN_NODE: "Know that a node always reaches its own Pods; no policy on workloads changes that.",
    BY_TUNNEL: "Name the nodes' tunnel addresses in rules about nodes; they are inside the Pods' pool.",
}


@dataclass(frozen=True, order=True)
class Path:
    """A policy at one end of connections of one kind of clients on one path.

    ``client`` is pod, node or outside. ``path`` is pod_ip, cluster_ip, load_balancer_ip, external_ip, or node_port_own,
    node_port_with_endpoint and node_port_without_endpoint by the node that is asked.
    """

    policy: Identity
    end: str
    client: str
    path: str


@dataclass
class Found:
    """What was found of a path: connections on which the policy decides what it decides directly, does not, or may.

    ``examples`` are by the reasons why it does not.
    """

    matched: int = 0
    missed: int = 0
    unsure: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def matches(self, is_whole: bool) -> str:
        """always, never, sometimes where it depends on ends or on chance, or unknown where it may be one of these."""
        if self.matched and self.missed:
            return "sometimes"
        if self.unsure or not is_whole:
            return "unknown"
        return "never" if self.missed else "always"


@dataclass
class PathTable:
    """All paths; what is not whole, since not all was asked about, or something was not known, claims nothing of all.

    ``is_cut_short`` is whether there were too many connections, ``unclear`` the ends and kinds of clients of which policy does
    not say directly what it decides, ``unseen`` whether some Pods or endpoints are on nodes without an address.
    """

    found: dict[Path, Found] = field(default_factory=dict)
    is_cut_short: bool = False
    unclear: set[tuple[str, str]] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)

    def as_result(self, is_read: bool) -> list[dict[str, Any]]:
        """As modules return it, by policy, end, client and path; ``is_read`` is whether everything in the cluster was."""
        whole = is_read and not self.is_cut_short and not self.unseen
        return [
            _row(path, found, whole and (path.end, path.client) not in self.unclear)
            for path, found in sorted(self.found.items())
        ]


def _row(path: Path, found: Found, is_whole: bool) -> dict[str, Any]:
    kind, namespace, name = path.policy
    reasons = [
        {"id": reason, "example": found.examples[reason], "remedy": remedy}
        for reason, remedy in REMEDIES.items()
        if reason in found.examples
    ]
    return {
        "policy": f"{namespace}/{name}" if namespace else name,
        "kind": kind,
        "end": path.end,
        "client": path.client,
        "path": path.path,
        "matches": found.matches(is_whole),
        "reasons": reasons,
    }
