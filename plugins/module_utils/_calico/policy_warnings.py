# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is legal in policies and rarely meant, as far as the manifests alone show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from .fault import shown
from .global_network_policy import API_VERSION as CALICO
from .global_network_policy import DEFAULT_TIER
from .labels import NAME, NAMESPACE
from .nets import parse_cidr
from .rule_selectors import policy_selector, read
from .selector_tree import questions
from .snapshot import Object, items, mapping, name_of, namespace_of, spec_of, text

_GLOBAL_KINDS = ("GlobalNetworkPolicy", "StagedGlobalNetworkPolicy")
_KINDS = (*_GLOBAL_KINDS, "NetworkPolicy")
_DIRECTIONS = {"ingress": "Ingress", "egress": "Egress"}
_SIDES = ("source", "destination")
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_EXAMPLES = 5


@dataclass(frozen=True)
class Warning:
    """Something that is allowed and probably not meant; ``message`` has the remedy, ``id`` is a stable word for it."""

    id: str
    subject: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.path}: {self.message}"

    def as_result(self) -> dict[str, Any]:
        return {"id": self.id, "subject": self.subject, "path": self.path, "message": self.message}


def warnings(manifests: Iterable[object]) -> list[Warning]:
    """What is rarely meant in these manifests. Takes anything, looks at Calico's policies only, and never raises."""
    policies = [
        m for m in manifests if isinstance(m, Mapping) and m.get("apiVersion") == CALICO and m.get("kind") in _KINDS
    ]
    return [*(found for policy in policies for found in _of_policy(policy)), *_equal_orders(policies)]


def _subject(policy: Object) -> str:
    namespace = namespace_of(policy)
    return f"{policy['kind']} {namespace}/{name_of(policy)}" if namespace else f"{policy['kind']} {name_of(policy)}"


def _of_policy(policy: Object) -> Iterator[Warning]:
    spec, subject = spec_of(policy), _subject(policy)
    found = (
        *(_host_endpoints(spec) if policy["kind"] in _GLOBAL_KINDS else ()),
        *_labels_called_name(spec),
        *_ineffective_rules(spec),
        *_missing_order(spec),
    )
    for id, path, message in found:
        yield Warning(id, subject, path, message)


_Found = Iterator[tuple[str, str, str]]


def _host_endpoints(spec: Object) -> _Found:
    """A host endpoint has no labels of a namespace, which is why negative questions about these hold for it."""
    given = [key for key in ("namespaceSelector", "serviceAccountSelector") if text(spec.get(key)).strip()]
    combined = read(policy_selector(spec, "").text)
    if given and combined is not None and combined.matches({}):
        yield (
            "selects_host_endpoints",
            f"spec.{given[0]}",
            f"selects host endpoints too, since it holds for what has no namespace; if Pods are meant, add has({NAMESPACE}) "
            "to spec.selector",
        )


def _labels_called_name(spec: Object) -> _Found:
    """Looks at the policy itself and at both sides of all its rules."""
    yield from _label_called_name("spec", spec)
    for direction in _DIRECTIONS:
        for index, rule in enumerate(items(spec.get(direction))):
            for side in _SIDES:
                yield from _label_called_name(f"spec.{direction}[{index}].{side}", mapping(mapping(rule).get(side)))


def _label_called_name(path: str, part: Object) -> _Found:
    selector = read(text(part.get("namespaceSelector")))
    for question in () if selector is None else questions(selector.root):
        if question.label == "name" and question.operator != "has":
            yield (
                "label_called_name",
                f"{path}.namespaceSelector",
                f"{question} asks for a label that is called name; a namespace's name is asked for by "
                f"{replace(question, label=NAME)}",
            )


def _ineffective_rules(spec: Object) -> _Found:
    types = items(spec.get("types"))
    for direction, type_ in _DIRECTIONS.items():
        rules = [mapping(rule) for rule in items(spec.get(direction))]
        if rules and types and type_ not in types:
            yield (
                "rules_without_type",
                f"spec.{direction}",
                f"has rules that are never looked at, since spec.types lacks {type_}; add it or take the rules away",
            )
        loopback = [_is_loopback_only(rule) for rule in rules]
        effect = ", so that the policy only isolates what it selects" if all(loopback) else ""
        for index, is_loopback in enumerate(loopback):
            if is_loopback:
                yield (
                    "loopback_never_matches",
                    f"spec.{direction}[{index}]",
                    f"never matches, since traffic of loopback addresses never reaches policy{effect}; name the addresses "
                    "that are meant",
                )


def _is_loopback_only(rule: Object) -> bool:
    return any(_are_loopback(items(mapping(rule.get(side)).get("nets"))) for side in _SIDES)


def _are_loopback(nets: list[Any]) -> bool:
    networks = [parse_cidr(net) for net in nets]
    return bool(networks) and all(_is_loopback(network) for network in networks)


def _is_loopback(network: IPv4Network | IPv6Network | None) -> bool:
    return network is not None and any(
        network.version == loopback.version
        and network.prefixlen >= loopback.prefixlen
        and network.network_address in loopback
        for loopback in _LOOPBACK
    )


def _missing_order(spec: Object) -> _Found:
    if spec.get("order") is None:
        yield "order_missing", "spec.order", "is missing, so the policy comes last in its tier; give a number"


def _equal_orders(policies: Iterable[Object]) -> Iterator[Warning]:
    groups: dict[tuple[bool, str, float], list[str]] = {}
    for policy in policies:
        spec = spec_of(policy)
        order, staged = spec.get("order"), str(policy["kind"]).startswith("Staged")
        if isinstance(order, (int, float)) and not isinstance(order, bool):
            key = (staged, text(spec.get("tier")) or DEFAULT_TIER, order)
            groups.setdefault(key, []).append(_subject(policy))
    for (_staged, tier, order), subjects in groups.items():
        if len(subjects) > 1:
            yield _equal_order(tier, order, subjects)


def _equal_order(tier: str, order: float, subjects: list[str]) -> Warning:
    more = [f"{len(subjects) - _EXAMPLES} more"] if len(subjects) > _EXAMPLES else []
    return Warning(
        "equal_order",
        subjects[0],
        "spec.order",
        f"is {shown(order)} in the tier {tier} for {', '.join([*subjects[:_EXAMPLES], *more])}, so that their names decide "
        "which comes first; give each its own",
    )
