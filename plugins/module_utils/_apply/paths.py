# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways past policy by nodes' ports on the live cluster, and what would close them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .._calico.errors import NetguardError
from .._calico.global_network_policy import DEFAULT_TIER, KIND, Policy
from .._calico.inventory import Inventory
from .._calico.snapshot import Snapshot, name_of
from .._calico.table import DecisionTable
from .._cluster.gateway import Gateway
from .._cluster.snapshot import read_snapshot
from .._report.gaps import Gap
from .._service.bypass import ASKED, Bypass, bypasses
from .._service.node_port_denial import NODE_PORT_RANGE, node_port_denial
from .._service.planes import not_predicted
from .._service.policy_paths import PAIRS, policy_paths
from .._service.settings import Settings
from .reading import Reader
from .settings import read_settings

_WHAT = "paths"
# The end at which a policy denies, and its kind, namespace and name.
_Denial: TypeAlias = "tuple[str, str, str, str]"
_EBPF = "Use Calico's eBPF data plane, where policy sees clients and endpoints."
_NO_NODE_PORTS = (
    "Give load balancers' Services no node ports (allocateLoadBalancerNodePorts: false), where theirs needs none."
)
_REMEDIES: Mapping[str, tuple[str, ...]] = {
    "egress": (
        _EBPF,
        _NO_NODE_PORTS,
        "Deny it on the clients' nodes by an egress policy with applyOnForward, which denies other forwarded traffic by default.",
    ),
    "ingress": ("Deny the clients' egress besides, where the client is still seen.", _EBPF, _NO_NODE_PORTS),
}


class PathsUnknown(NetguardError):
    """What policy sees of connections by nodes' ports is not known, or not all of it."""

    code = "paths_unknown"


@dataclass(frozen=True)
class Paths:
    """A gap for each policy that is bypassed, and on which paths each policy of the baseline decides, as modules return it."""

    gaps: Sequence[Gap] = ()
    paths: Sequence[Mapping[str, Any]] = ()


def read_paths(reader: Reader, gateway: Gateway, backend: str | None, policies: Sequence[Policy]) -> Paths:
    """What is found of paths; what keeps it from being known, or from being known whole, is noted."""
    found = reader.items(_WHAT, lambda: [_judged(reader, gateway, backend, policies)])
    return found[0] if found else Paths()


def _judged(reader: Reader, gateway: Gateway, backend: str | None, policies: Sequence[Policy]) -> Paths:
    snapshot = read_snapshot(gateway, backend, staged=False)
    for kind, reason in {**snapshot.unread, **_of_tiers(snapshot)}.items():
        reader.note(f"{_WHAT}: {kind}", PathsUnknown(reason))
    inventory = Inventory(snapshot)
    settings = read_settings(gateway, inventory, [name_of(node) for node in snapshot.of("Node")])
    reason = not_predicted(settings)
    if reason:
        raise PathsUnknown(reason)
    cluster = _Cluster(snapshot, settings, DecisionTable(snapshot, inventory=inventory))
    found = bypasses(snapshot, settings, cluster.table)
    if found.is_cut_short:
        reader.note(_WHAT, PathsUnknown(f"No more than {ASKED} connections were asked about"))
    # Releases that store a policy by its tier's name too list it so.
    own = {(KIND, "", name) for policy in policies for name in (policy.name, f"{_tier(policy)}.{policy.name}")}
    on_paths = policy_paths(snapshot, settings, cluster.table, own)
    if on_paths.is_cut_short:
        reader.note(_WHAT, PathsUnknown(f"No more than {PAIRS} pairs of a client and an endpoint were asked about"))
    if on_paths.unseen:
        nodes = ", ".join(sorted(name or "no node" for name in on_paths.unseen))
        reader.note(_WHAT, PathsUnknown(f"There are Pods or endpoints on {nodes}, of which no address is known"))
    gaps = [cluster.gap(check, items) for check, items in _by_denial(found.found).items()]
    return Paths(gaps, on_paths.as_result(not snapshot.unread and not snapshot.unread_tiers))


def _tier(policy: Policy) -> str:
    return str(policy.spec.get("tier") or DEFAULT_TIER)


def _of_tiers(snapshot: Snapshot) -> dict[str, str]:
    return {f"policies of tier {tier}": reason for tier, reason in snapshot.unread_tiers.items()}


def _by_denial(found: Sequence[Bypass]) -> dict[_Denial, list[Bypass]]:
    """The bypasses by the policy and the end at which it denies."""
    grouped: dict[_Denial, list[Bypass]] = {}
    for bypass in found:
        decider = bypass.denied.decided_by
        if decider is not None:
            grouped.setdefault((bypass.denied.end, decider.kind, decider.namespace, decider.name), []).append(bypass)
    return grouped


@dataclass(frozen=True)
class _Cluster:
    """The cluster as it was read, and what its policies say."""

    snapshot: Snapshot
    settings: Settings
    table: DecisionTable

    def gap(self, denial: _Denial, found: Sequence[Bypass]) -> Gap:
        """What is said of one policy, with what would close the way, and a manifest for it where there is one."""
        end, kind, namespace, name = denial
        services = tuple(dict.fromkeys(str(bypass.service) for bypass in found))
        policies = self.snapshot.of(KIND) if (kind, end) == (KIND, "egress") else ()
        policy = next((item for item in policies if name_of(item) == name), None)
        remedy = None if policy is None else node_port_denial(policy, self._nodes())
        first = [] if remedy is None else [self._effect(remedy, denial, services)]
        shown = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
        count = f"{len(services)} Services" if len(services) > 1 else "1 Service"
        return Gap(
            "bypassed_by_node_port",
            f"{shown} denies {end}, and the ports of nodes lead past it to the endpoints of {count}: {found[0]}",
            services,
            (*first, *_REMEDIES[end]),
            remedy,
        )

    def _nodes(self) -> list[Any]:
        return [address for of_node in self.table.inventory.node_addresses.values() for address in of_node]

    def _effect(self, remedy: Mapping[str, Any], denial: _Denial, services: Sequence[str]) -> str:
        """What the remedy does, as the evaluation has it."""
        changed = self.snapshot.with_change([remedy], [])
        after = bypasses(changed, self.settings, DecisionTable(changed, inventory=self.table.inventory))
        left = sorted({str(bypass.service) for bypass in _by_denial(after.found).get(denial, ())} & {*services})
        closed = "for those that were asked about" if after.is_cut_short else "for all of them"
        effect = f"this leaves {', '.join(left)} reachable" if left else f"this closes it {closed}"
        return (
            f"Apply the manifest: it denies the same clients the ports {NODE_PORT_RANGE} of all nodes, and {effect}. It names "
            "the nodes' addresses of now; make it anew when nodes are added, and with the API server's own range of ports."
        )
