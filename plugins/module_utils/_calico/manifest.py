# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalNetworkPolicy manifests: the only file that knows their field names.

Follows the resource definition in Calico's documentation,
https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidManifest

API_VERSION = "projectcalico.org/v3"
KIND = "GlobalNetworkPolicy"
TIER_LABEL = "projectcalico.org/tier"
DEFAULT_TIER = "default"

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_TOP_FIELDS = {"apiVersion", "kind", "metadata", "spec"}
_METADATA_FIELDS = {"name", "labels", "annotations"}
# An export of a live object carries these; they are the server's and are left out, not refused.
_SERVER_METADATA = {"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"}
_SPEC_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "applyOnForward": bool,
    "doNotTrack": bool,
    "egress": list,
    "ingress": list,
    "namespaceSelector": str,
    "order": (int, float),
    "performanceHints": list,
    "preDNAT": bool,
    "selector": str,
    "serviceAccountSelector": str,
    "tier": str,
    "types": list,
}
_ACTIONS = ("Allow", "Deny", "Log", "Pass")
_DIRECTIONS = ("Ingress", "Egress")


@dataclass(frozen=True)
class Policy:
    """One wanted GlobalNetworkPolicy: its name, its whole spec, and the labels and annotations that it should carry."""

    name: str
    spec: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def manifest(self) -> dict[str, Any]:
        """The object as it is sent to the API server."""
        metadata: dict[str, Any] = {"name": self.name}
        if self.labels:
            metadata["labels"] = dict(self.labels)
        if self.annotations:
            metadata["annotations"] = dict(self.annotations)
        return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": dict(self.spec)}


@dataclass(frozen=True)
class SourcedManifest:
    """A plain object and where the user wrote it, such as ``policies[2]`` or ``baseline.yml document 3``."""

    where: str
    content: object


def parse_policies(sources: Sequence[SourcedManifest]) -> tuple[Policy, ...]:
    """Policies of all manifests; raises one InvalidManifest that lists every fault of every manifest."""
    faults: list[str] = []
    policies: list[Policy] = []
    for source in sources:
        found = list(_faults(source.content))
        faults += [f"{source.where}: {fault}" for fault in found]
        if not found:
            policies.append(_policy(source.content))
    names = [policy.name for policy in policies]
    faults += [
        f"{name} is given {names.count(name)} times" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if not sources:
        faults.append("no policy is given")
    if faults:
        raise InvalidManifest(
            "; ".join(faults), f"Each policy is a {KIND} of {API_VERSION}, spelled as in Calico's documentation."
        )
    return tuple(policies)


def _policy(content: Any) -> Policy:
    metadata = content["metadata"]
    return Policy(
        name=metadata["name"],
        spec=with_written_defaults(content["spec"]),
        labels=dict(metadata.get("labels") or {}),
        annotations=dict(metadata.get("annotations") or {}),
    )


def with_written_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with ``tier`` and ``types`` written out.

    Plain CRDs store a policy without ``types`` as it is, and Calico's data plane then isolates both directions;
    the aggregated API server would have filled them in. Writing them makes both mean the same.
    """
    filled = {key: value for key, value in spec.items() if value is not None}
    filled.setdefault("tier", DEFAULT_TIER)
    if not filled.get("types"):
        filled["types"] = _implied_types(filled)
    return filled


def _implied_types(spec: Mapping[str, Any]) -> list[str]:
    if not spec.get("egress"):
        return ["Ingress"]
    return ["Ingress", "Egress"] if spec.get("ingress") else ["Egress"]


def _faults(content: object) -> Iterable[str]:
    if not isinstance(content, Mapping):
        yield f"is {_a(content)}, not a {KIND}"
        return
    if content.get("apiVersion") != API_VERSION or content.get("kind") != KIND:
        given = f"{content.get('apiVersion', 'no apiVersion')} {content.get('kind', 'no kind')}"
        yield f"is {given}, not {API_VERSION} {KIND}"
        return
    yield from (f"unknown field {key}" for key in sorted(set(map(str, content)) - _TOP_FIELDS))
    yield from _metadata_faults(content.get("metadata"))
    yield from _spec_faults(content.get("spec"))


def _metadata_faults(metadata: object) -> Iterable[str]:
    if not isinstance(metadata, Mapping):
        yield "metadata is missing"
        return
    name = metadata.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > 253:
        yield f"metadata.name {name!r} is not a Kubernetes name (lower case letters, digits, - and .)"
    unknown = set(map(str, metadata)) - _METADATA_FIELDS - _SERVER_METADATA
    yield from (f"unknown field metadata.{key}" for key in sorted(unknown))
    for part in ("labels", "annotations"):
        values = metadata.get(part) or {}
        if not isinstance(values, Mapping) or not all(isinstance(v, str) for kv in values.items() for v in kv):
            yield f"metadata.{part} must map strings to strings"


def _spec_faults(spec: Any) -> Iterable[str]:
    if not isinstance(spec, Mapping):
        yield "spec is missing"
        return
    for key, value in spec.items():
        wanted: Any = _SPEC_TYPES.get(str(key))
        if wanted is None:
            yield f"unknown field spec.{key}"
        elif value is not None and (not isinstance(value, wanted) or (key == "order" and isinstance(value, bool))):
            yield f"spec.{key} is {_a(value)}, which it cannot be"
        elif key in ("ingress", "egress"):
            yield from _rule_faults(f"spec.{key}", value or [])
        elif key == "types":
            yield from (f"spec.types has {t!r}, not Ingress or Egress" for t in value or [] if t not in _DIRECTIONS)


def _rule_faults(path: str, rules: Sequence[object]) -> Iterable[str]:
    for index, rule in enumerate(rules):
        if not isinstance(rule, Mapping):
            yield f"{path}[{index}] is {_a(rule)}, not a rule"
        elif rule.get("action") not in _ACTIONS:
            yield f"{path}[{index}].action is {rule.get('action')!r}, not one of {', '.join(_ACTIONS)}"


def _a(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return "nothing" if value is None else kinds.get(type(value), f"a {type(value).__name__}")
