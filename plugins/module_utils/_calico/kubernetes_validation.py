# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of a Kubernetes NetworkPolicy must not be together.

Rules: pkg/apis/networking/validation of Kubernetes. Values of wrong types were found before and are passed over here.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from .fault import Fault, beneath, shown
from .nets import parse_cidr
from .snapshot import Object, items, mapping, spec_of

_WITHOUT_VALUES = ("Exists", "DoesNotExist")
_WITH_VALUES = ("In", "NotIn")


def kubernetes_policy_faults(manifest: Object) -> Iterator[Fault]:
    """What is wrong with a NetworkPolicy of networking.k8s.io."""
    spec = spec_of(manifest)
    yield from beneath(("spec", "podSelector"), _label_selector(mapping(spec.get("podSelector"))))
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(items(spec.get(direction))):
            yield from beneath(("spec", direction, index), _rule(mapping(rule), peers))


def _rule(rule: Object, peers: str) -> Iterator[Fault]:
    for index, port in enumerate(items(rule.get("ports"))):
        yield from beneath(("ports", index), _end_port(mapping(port)))
    for index, peer in enumerate(items(rule.get(peers))):
        yield from beneath((peers, index), _peer(mapping(peer)))


def _end_port(port: Object) -> Iterator[Fault]:
    first, last = port.get("port"), port.get("endPort")
    if last is None:
        return
    if not isinstance(first, int):
        yield Fault(("endPort",), "needs a port that is a number")
    elif isinstance(last, int) and last < first:
        yield Fault(("endPort",), f"is {shown(last)}, which is less than port {shown(first)}")


def _peer(peer: Object) -> Iterator[Fault]:
    given = [key for key in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(key) is not None]
    if not given:
        yield Fault((), "names no peer: podSelector, namespaceSelector or ipBlock is wanted")
    if "ipBlock" in given and len(given) > 1:
        yield Fault(("ipBlock",), "must not stand beside podSelector or namespaceSelector")
    for key in ("podSelector", "namespaceSelector"):
        yield from beneath((key,), _label_selector(mapping(peer.get(key))))
    yield from beneath(("ipBlock",), _block(mapping(peer.get("ipBlock"))))


def _block(block: Object) -> Iterator[Fault]:
    whole = parse_cidr(block.get("cidr"))
    for index, value in enumerate(items(block.get("except"))):
        part = parse_cidr(value)
        if whole is not None and part is not None and not (_is_within(part, whole) and part != whole):
            yield Fault(("except", index), f"is {shown(value)}, which is no part of {whole}")


def _is_within(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    return part.version == whole.version and part.network_address in whole and part.prefixlen >= whole.prefixlen


def _label_selector(selector: Object) -> Iterator[Fault]:
    for index, requirement in enumerate(map(mapping, items(selector.get("matchExpressions")))):
        operator, values = requirement.get("operator"), items(requirement.get("values"))
        if operator in _WITH_VALUES and not values:
            yield Fault(("matchExpressions", index, "values"), f"is missing, {operator} needs values")
        if operator in _WITHOUT_VALUES and values:
            yield Fault(("matchExpressions", index, "values"), f"must be left out, {operator} takes none")
