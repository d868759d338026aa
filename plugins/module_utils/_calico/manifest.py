# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GlobalNetworkPolicies that are to be written, from manifests.

Follows the resource definition in Calico's documentation,
https://docs.tigera.io/calico/latest/reference/resources/globalnetworkpolicy
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InvalidManifest
from .fault import Fault, Steps, a, shown
from .fields import OTHER_METADATA
from .global_network_policy import API_VERSION, KIND, Policy, with_written_defaults
from .snapshot import mapping
from .validation import faults


@dataclass(frozen=True)
class SourcedManifest:
    """A plain object and where the user wrote it, such as ``policies[2]``.

    ``place`` says it more exactly for a part of the object, such as ``baseline.yml:12``.
    """

    where: str
    content: object
    place: Callable[[Steps], str] | None = None

    def at(self, steps: Steps) -> str:
        """Where the part of the object is that these steps lead to."""
        return self.where if self.place is None else self.place(steps)


def parse_policies(sources: Sequence[SourcedManifest]) -> tuple[Policy, ...]:
    """Policies of all manifests; raises one InvalidManifest that lists every fault of every manifest."""
    wrong: list[str] = []
    policies: list[Policy] = []
    for source in sources:
        found = [*_faults(source.content)]
        wrong += [f"{source.at(fault.steps)}: {fault}" for fault in found]
        if not found:
            policies.append(_policy(source.content))
    names = [policy.name for policy in policies]
    wrong += [f"{name} is given {names.count(name)} times" for name in sorted({n for n in names if names.count(n) > 1})]
    if not sources:
        wrong.append("no policy is given")
    if wrong:
        raise InvalidManifest(
            "; ".join(wrong), f"Each policy is a {KIND} of {API_VERSION}, spelled as in Calico's documentation."
        )
    return tuple(policies)


def _faults(content: object) -> Iterator[Fault]:
    if not isinstance(content, Mapping):
        yield Fault((), f"is {a(content)}, not a {KIND}")
    elif content.get("apiVersion") != API_VERSION or content.get("kind") != KIND:
        given = " ".join(_word(content, key) for key in ("apiVersion", "kind"))
        yield Fault((), f"is {given}, not {API_VERSION} {KIND}")
    else:
        yield from faults(content)
        metadata = mapping(content.get("metadata"))
        unwritten = [key for key in ("namespace", *OTHER_METADATA) if metadata.get(key)]
        yield from (Fault(("metadata", key), "is not written with a policy; leave it out") for key in unwritten)


def _word(content: Mapping[str, object], key: str) -> str:
    value = content.get(key, f"no {key}")
    return shown(value).strip("'")


def _policy(content: Any) -> Policy:
    metadata = content["metadata"]
    return Policy(
        name=metadata["name"],
        spec=with_written_defaults(content["spec"]),
        labels=_strings(metadata.get("labels")),
        annotations=_strings(metadata.get("annotations")),
    )


def _strings(values: Mapping[str, str | None] | None) -> dict[str, str]:
    """Labels or annotations; the server reads null as the empty string."""
    return {key: value or "" for key, value in (values or {}).items()}
