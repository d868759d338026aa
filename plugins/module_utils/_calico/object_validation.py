# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of one object must not be together, kind by kind.

Rules: libcalico-go/lib/validator/v3 of Calico, and the conditions (CEL) of its CustomResourceDefinitions. Values of wrong types
were found before and are passed over here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from .fault import Fault, beneath, shown
from .fields import KUBERNETES
from .global_network_policy import API_VERSION as CALICO
from .kubernetes_validation import kubernetes_policy_faults
from .protocols import WITH_PORTS, protocol_number
from .rule_validation import Direction, global_selector_fault, rule_faults
from .snapshot import Object, items, mapping, name_of, spec_of

_DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
_NAMESPACE_LABEL = "projectcalico.org/namespace"
# Calico's own tiers: the order and the default action that they must have.
_TIERS: Mapping[str, tuple[int, str]] = {
    "default": (1_000_000, "Deny"),
    "kube-admin": (1_000, "Pass"),
    "kube-baseline": (10_000_000, "Pass"),
}
_TIER_DEFAULT_ACTION = "Deny"


def object_faults(kind: tuple[str, str], manifest: Object) -> Iterator[Fault]:
    """What is wrong with an object of this apiVersion and kind."""
    return _OF_KIND[kind](manifest)


def _policy(manifest: Object) -> Iterator[Fault]:
    spec = spec_of(manifest)
    for direction in _DIRECTIONS:
        for index, rule in enumerate(items(spec.get(direction))):
            yield from beneath(("spec", direction, index), rule_faults(mapping(rule), direction))
    for key in ("selector", "serviceAccountSelector", "namespaceSelector"):
        yield from beneath(("spec",), global_selector_fault(spec, key))


def _global_policy(manifest: Object) -> Iterator[Fault]:
    yield from _policy(manifest)
    yield from beneath(("spec",), _host_traffic(spec_of(manifest)))
    yield from _services_without_namespace(spec_of(manifest))


def _host_traffic(spec: Object) -> Iterator[Fault]:
    before_dnat, untracked = spec.get("preDNAT") is True, spec.get("doNotTrack") is True
    if before_dnat and untracked:
        yield Fault(("doNotTrack",), "must not be true beside preDNAT")
    if before_dnat and items(spec.get("egress")):
        yield Fault(("egress",), "must have no rules beside preDNAT, which is about ingress only")
    if before_dnat and "Egress" in items(spec.get("types")):
        yield Fault(("types",), "must not have Egress beside preDNAT, which is about ingress only")
    if (before_dnat or untracked) and spec.get("applyOnForward") is not True:
        yield Fault(("applyOnForward",), "must be true beside preDNAT or doNotTrack")


def _services_without_namespace(spec: Object) -> Iterator[Fault]:
    for direction, side in (("ingress", "source"), ("egress", "destination")):
        for index, rule in enumerate(items(spec.get(direction))):
            services = mapping(mapping(rule).get(side)).get("services")
            if services is not None and not mapping(services).get("namespace"):
                yield Fault(
                    ("spec", direction, index, side, "services", "namespace"), "is missing, a global policy has none"
                )


def _staged_global_policy(manifest: Object) -> Iterator[Fault]:
    """A policy that stages a deletion says nothing but what it deletes."""
    spec = spec_of(manifest)
    if spec.get("stagedAction") != "Delete":
        yield from _global_policy(manifest)
        return
    for key, value in spec.items():
        if key not in ("tier", "stagedAction") and not (value is None or value is False or value == ""):
            yield Fault(("spec", key), "must be left out where stagedAction is Delete")


def _network_set(manifest: Object) -> Iterator[Fault]:
    if _NAMESPACE_LABEL in mapping(mapping(manifest.get("metadata")).get("labels")):
        yield Fault(("metadata", "labels", _NAMESPACE_LABEL), "is a label that Calico gives, and nobody else may")


def _tier(manifest: Object) -> Iterator[Fault]:
    name, spec = name_of(manifest), spec_of(manifest)
    if name not in _TIERS:
        return
    order, action = _TIERS[name]
    if spec.get("order") != order:
        yield Fault(("spec", "order"), f"is {shown(spec.get('order'))}, of the tier {name} it is {order}")
    if (spec.get("defaultAction") or _TIER_DEFAULT_ACTION) != action:
        yield Fault(("spec", "defaultAction"), f"of the tier {name} is {action}")


def _host_endpoint(manifest: Object) -> Iterator[Fault]:
    spec = spec_of(manifest)
    if not spec.get("node"):
        yield Fault(("spec", "node"), "is missing")
    if not spec.get("interfaceName") and not spec.get("expectedIPs"):
        yield Fault(("spec", "interfaceName"), "is missing; without it, expectedIPs must name an address")
    for index, port in enumerate(items(spec.get("ports"))):
        number = protocol_number(mapping(port).get("protocol"))
        if number is not None and number not in WITH_PORTS:
            yield Fault(("spec", "ports", index, "protocol"), "has no ports; TCP, UDP and SCTP have")


_OF_KIND: Mapping[tuple[str, str], Callable[[Object], Iterator[Fault]]] = {
    (CALICO, "GlobalNetworkPolicy"): _global_policy,
    (CALICO, "StagedGlobalNetworkPolicy"): _staged_global_policy,
    (CALICO, "NetworkPolicy"): _policy,
    (CALICO, "GlobalNetworkSet"): _network_set,
    (CALICO, "NetworkSet"): _network_set,
    (CALICO, "Tier"): _tier,
    (CALICO, "HostEndpoint"): _host_endpoint,
    (KUBERNETES, "NetworkPolicy"): kubernetes_policy_faults,
}
