# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of a snapshot, compiled, tier by tier in the order in which Calico looks at them.

Rules: felix/calc of Calico, and https://docs.tigera.io/calico/latest/reference/resources/tier. A policy that lives in the cluster
and is invalid is taken as the data plane takes it; where that was not found out, it may do anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .global_network_policy import DEFAULT_TIER
from .kubernetes_policies import NETWORK_POLICY_ORDER, from_cluster_network_policy, from_network_policy
from .rule import Faults, Rule, compile_rule
from .rule_selectors import policy_selector, read
from .selector import Selector
from .selector_tree import Labels
from .snapshot import KUBERNETES_NETWORK_POLICY, Object, Snapshot, items, name_of, namespace_of, spec_of, text

Direction = Literal["Ingress", "Egress"]
Staged = Literal["ignore", "enforce"]

CLUSTER_NETWORK_POLICY = "KubernetesClusterNetworkPolicy"
DIRECTIONS: tuple[Direction, Direction] = ("Egress", "Ingress")
# Tiers that Calico makes by itself: order and default action.
_BUILT_IN: Mapping[str, tuple[float, str]] = {
    "kube-admin": (1_000, "Pass"),
    DEFAULT_TIER: (1_000_000, "Deny"),
    "kube-baseline": (10_000_000, "Pass"),
}
# Releases that enforced these had a tier for each; where it is not there, Calico does not look at them.
_OF_OLDER_RELEASES = {
    "AdminNetworkPolicy": "adminnetworkpolicy",
    "BaselineAdminNetworkPolicy": "baselineadminnetworkpolicy",
}
_CLUSTER_TIERS = ("kube-admin", "kube-baseline")
_STAGED = {
    "StagedGlobalNetworkPolicy": "GlobalNetworkPolicy",
    "StagedNetworkPolicy": "NetworkPolicy",
    "StagedKubernetesNetworkPolicy": KUBERNETES_NETWORK_POLICY,
}
_KINDS = ("GlobalNetworkPolicy", "NetworkPolicy", KUBERNETES_NETWORK_POLICY, "ClusterNetworkPolicy")


@dataclass(frozen=True, eq=False)
class CompiledPolicy:
    """A policy as the data plane takes it.

    ``selector`` is None where it selects every endpoint. ``unclear`` says why it may do anything at all, empty where it does
    what its rules say. ``untracked`` and ``pre_dnat`` ones are for host endpoints only and come before connection tracking.
    """

    kind: str
    namespace: str
    name: str
    tier: str
    order: float
    selector: Selector | None
    rules: Mapping[Direction, tuple[Rule, ...]]
    governs: frozenset[str]
    apply_on_forward: bool = False
    untracked: bool = False
    pre_dnat: bool = False
    unclear: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        """Kind, namespace and name, as `snapshot.identity` has them of an object."""
        return self.kind, self.namespace, self.name

    def may_select(self, labels: Labels) -> bool:
        """Whether the policy selects what has these labels, or may."""
        return self.selector is None or self.selector.matches(labels) is not False

    @property
    def key(self) -> tuple[float, str]:
        """What sorts policies of one tier: order, then name, namespace and kind."""
        return (self.order, f"{self.name}/{self.namespace}/{self.kind}")


@dataclass(frozen=True, eq=False)
class CompiledTier:
    """A tier with its policies in order. ``default_action`` is what its end does where a policy of it applied."""

    name: str
    order: float
    default_action: Literal["Deny", "Pass"]
    exists: bool
    policies: tuple[CompiledPolicy, ...]

    @property
    def key(self) -> tuple[bool, float, str]:
        """What sorts tiers: one that does not exist comes last, then order, then name."""
        return (not self.exists, self.order, self.name)


@dataclass(frozen=True)
class PolicyFault:
    """Something in a live policy that makes it do other than its author meant."""

    kind: str
    namespace: str
    name: str
    path: str
    message: str
    effect: Literal["missing", "ignored", "unclear", "denied"]


@dataclass(frozen=True)
class PolicySet:
    """All tiers in order, and what is wrong with the policies in them."""

    tiers: tuple[CompiledTier, ...]
    faults: tuple[PolicyFault, ...] = ()


@dataclass
class _Builder:
    faults: list[PolicyFault] = field(default_factory=list)
    policies: list[CompiledPolicy] = field(default_factory=list)


def policy_set(snapshot: Snapshot, staged: Staged) -> PolicySet:
    """Every enforced policy of the snapshot; with ``enforce`` as it would be if the staged ones were enforced too."""
    builder = _Builder()
    enforced = _enforced(snapshot) if staged == "ignore" else _with_staged(snapshot)
    for (kind, namespace, name), item in enforced.items():
        _compile(builder, kind, namespace, name, _spec(kind, item))
    builder.policies += _unread(snapshot, staged)
    tiers = _tiers(snapshot, builder)
    return PolicySet(tuple(sorted(tiers, key=lambda tier: tier.key)), tuple(builder.faults))


def _enforced(snapshot: Snapshot) -> dict[tuple[str, str, str], Object]:
    return {(kind, namespace_of(item), name_of(item)): item for kind in _KINDS for item in snapshot.of(kind)}


def _with_staged(snapshot: Snapshot) -> dict[tuple[str, str, str], Object]:
    found = _enforced(snapshot)
    for staged_kind, kind in _STAGED.items():
        for item in snapshot.of(staged_kind):
            key, action = (kind, namespace_of(item), name_of(item)), text(spec_of(item).get("stagedAction")) or "Set"
            if action == "Delete":
                found.pop(key, None)
            elif action == "Set":
                found[key] = item
    return found


def _spec(kind: str, item: Object) -> Object:
    if kind == KUBERNETES_NETWORK_POLICY:
        return from_network_policy(spec_of(item))
    return from_cluster_network_policy(spec_of(item)) if kind == "ClusterNetworkPolicy" else spec_of(item)


def _compile(builder: _Builder, kind: str, namespace: str, name: str, spec: Object) -> None:
    faults = Faults()
    rules: dict[Direction, tuple[Rule, ...]] = {
        direction: tuple(
            compile_rule(raw, namespace, f"spec.{direction.lower()}[{index}]", faults)
            for index, raw in enumerate(items(spec.get(direction.lower())))
        )
        for direction in DIRECTIONS
    }
    selector = _selector(spec, namespace, faults)
    order = _order(spec, faults)
    shown = CLUSTER_NETWORK_POLICY if kind == "ClusterNetworkPolicy" else kind
    for effect, found in (("missing", faults.missing), ("ignored", faults.ignored), ("unclear", faults.unclear)):
        builder.faults += [PolicyFault(shown, namespace, name, path, message, effect) for path, message in found]  # type: ignore[arg-type]
    if faults.missing and not faults.unclear:
        return
    builder.policies.append(
        CompiledPolicy(
            kind=shown,
            namespace=namespace,
            name=name,
            tier=text(spec.get("tier")) or DEFAULT_TIER,
            order=order,
            selector=selector,
            rules=rules,
            governs=_governs(spec, kind),
            apply_on_forward=kind == "NetworkPolicy" or spec.get("applyOnForward") is True,
            untracked=spec.get("doNotTrack") is True,
            pre_dnat=spec.get("preDNAT") is True,
            unclear="; ".join(f"{path} {message}" for path, message in faults.unclear),
        )
    )


def _selector(spec: Object, namespace: str, faults: Faults) -> Selector | None:
    combined = policy_selector(spec, namespace)
    faults.ignored += [(f"spec.{name}", "cannot be read, and everybody is selected") for name in combined.ignored]
    if not combined.text:
        return None
    found = read(combined.text)
    if found is None:
        faults.missing.append(("spec.selector", "cannot be read"))
    return found


def _order(spec: Object, faults: Faults) -> float:
    order = spec.get("order")
    if order is None:
        return math.inf
    number = _number(order)
    if number is None:
        faults.unclear.append(("spec.order", f"{order!r} is no number"))
    return -math.inf if number is None else number


def _number(order: Any) -> float | None:
    """The order as a number that has a place among others, None for what is none."""
    try:
        number = math.nan if isinstance(order, bool) or not isinstance(order, (int, float)) else float(order)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _governs(spec: Object, kind: str) -> frozenset[str]:
    """The directions that the policy isolates; both where a stored one has no types, as the data plane takes it."""
    types = items(spec.get("types"))
    if not types and kind != "ClusterNetworkPolicy":
        return frozenset(DIRECTIONS)
    return frozenset(text(t).capitalize() for t in types)


def _tiers(snapshot: Snapshot, builder: _Builder) -> Iterator[CompiledTier]:
    by_tier: dict[str, list[CompiledPolicy]] = {}
    for policy in builder.policies:
        by_tier.setdefault(policy.tier, []).append(policy)
    declared = {name_of(tier): _declared(tier) for tier in snapshot.of("Tier")}
    known = {**{name: tier for name, tier in _BUILT_IN.items() if name in by_tier}, **declared}
    reason = snapshot.unread.get("Tier")
    if reason:
        yield CompiledTier(
            "", -math.inf, "Pass", True, (_anything("Tier", "", -math.inf, f"tiers were not read: {reason}"),)
        )
    for name, policies in {**{name: [] for name in known}, **by_tier}.items():
        order, action = known.get(name, (math.inf, "Deny"))
        if name not in known and not reason:
            builder.faults += [
                PolicyFault(p.kind, p.namespace, p.name, "spec.tier", f"the tier {name} does not exist", "denied")
                for p in policies
            ]
        ordered = tuple(sorted(policies, key=lambda policy: policy.key))
        yield CompiledTier(name, order, "Pass" if action == "Pass" else "Deny", name in known, ordered)


def _declared(tier: Object) -> tuple[float, str]:
    order = spec_of(tier).get("order")
    number = _number(order)
    return math.inf if number is None else number, text(spec_of(tier).get("defaultAction")) or "Deny"


def _unread(snapshot: Snapshot, staged: Staged) -> Iterator[CompiledPolicy]:
    """Stand-ins for what was not read, where it would stand."""
    tiers = sorted({DEFAULT_TIER, *(name_of(tier) for tier in snapshot.of("Tier"))})
    places = {
        "GlobalNetworkPolicy": [(tier, -math.inf) for tier in tiers],
        "NetworkPolicy": [(tier, -math.inf) for tier in tiers],
        KUBERNETES_NETWORK_POLICY: [(DEFAULT_TIER, float(NETWORK_POLICY_ORDER))],
        "ClusterNetworkPolicy": [(tier, -math.inf) for tier in _CLUSTER_TIERS],
    }
    counted = {kind: kind for kind in places} | (_STAGED if staged == "enforce" else {})
    for kind, stands_for in counted.items():
        if kind in snapshot.unread:
            for tier, order in places[stands_for]:
                yield _anything(kind, tier, order, f"{kind} was not read: {snapshot.unread[kind]}")
    for kind, tier in _OF_OLDER_RELEASES.items():
        if tier in tiers and (snapshot.of(kind) or kind in snapshot.unread):
            reason = snapshot.unread.get(kind, "what such a policy does is not judged")
            yield _anything(kind, tier, -math.inf, f"{kind}: {reason}")
    for tier, reason in sorted(snapshot.unread_tiers.items()):
        yield _anything("Tier", tier, -math.inf, f"the policies of tier {tier} were not read: {reason}")


def _anything(kind: str, tier: str, order: float, reason: str) -> CompiledPolicy:
    rules: Mapping[Direction, tuple[Rule, ...]] = {"Ingress": (), "Egress": ()}
    return CompiledPolicy(kind, "", "", tier, order, None, rules, frozenset(DIRECTIONS), unclear=reason)


def all_policies(tiers: Iterable[CompiledTier]) -> Iterator[CompiledPolicy]:
    """Every policy of the tiers in order."""
    for tier in tiers:
        yield from tier.policies


def describe(value: Any) -> str:
    """A policy as people name it."""
    named = f"{value.namespace}/{value.name}" if value.namespace else value.name
    return f"{value.kind} {named}".strip()
