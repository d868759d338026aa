# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services as users name them: by namespaces and names with globs, by labels, by type. Never all of them by omission."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .._calico.errors import InvalidInput

_GLOB = re.compile(r"[*?\[]")
_NAME = re.compile(r"[a-z0-9*?\[\]!]([-a-z0-9*?\[\]!]*[a-z0-9*?\[\]!])?")
# Beyond this many, one list of the whole cluster costs fewer requests.
_LISTED_APART = 4


@dataclass(frozen=True)
class Selection:
    """Which Services are meant; empty parts do not narrow. At least one of the first three is never empty."""

    namespaces: tuple[str, ...]
    names: tuple[str, ...]
    label_selector: str
    exclude_namespaces: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def holds(self, service: Mapping[str, Any]) -> bool:
        """Whether the Service is meant; its labels were the server's to look at."""
        metadata = service["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        return (
            (not self.namespaces or _any(namespace, self.namespaces))
            and not _any(namespace, self.exclude_namespaces)
            and (not self.names or any(_named(namespace, name, pattern) for pattern in self.names))
            and (not self.types or service_type(service) in self.types)
        )

    def namespaces_to_list(self) -> tuple[str, ...]:
        """Namespaces that are listed one by one; ``("",)`` stands for one list of the whole cluster."""
        if self.namespaces:
            wanted = self.namespaces
        elif self.names and all("/" in name for name in self.names):
            wanted = tuple(dict.fromkeys(name.split("/")[0] for name in self.names))
        else:
            return ("",)
        return ("",) if any(_GLOB.search(namespace) for namespace in wanted) else listed_for(wanted)

    def missing(self, found: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
        """Namespace and name of each Service that was named in full and is not among ``found``."""
        present = {(s["metadata"]["namespace"], s["metadata"]["name"]) for s in found}
        pairs = [tuple(name.split("/")) for name in self.names if "/" in name and not _GLOB.search(name)]
        return tuple((namespace, name) for namespace, name in pairs if (namespace, name) not in present)


def listed_for(namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """These namespaces, to be listed one by one, or ``("",)`` for one list of the whole cluster where they are many."""
    return namespaces if len(namespaces) <= _LISTED_APART else ("",)


def full_name(service: Mapping[str, Any]) -> str:
    """NAMESPACE/NAME of a Service."""
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def service_type(service: Mapping[str, Any]) -> str:
    """``spec.type``, whose default is ClusterIP."""
    return str((service.get("spec") or {}).get("type") or "ClusterIP")


def is_given(params: Mapping[str, Any]) -> bool:
    """Whether the options select anything at all."""
    return any(_listed(params, part) for part in ("namespaces", "names")) or bool(params.get("label_selector"))


def selection(params: Mapping[str, Any]) -> Selection:
    """The selection of a module's options. Raises InvalidInput where they select nothing, or by a name that cannot be."""
    if not is_given(params):
        raise InvalidInput(
            "No Services are selected: namespaces, names and label_selector are all empty",
            "Give one of them; namespaces: ['*'] means the whole cluster.",
        )
    namespaces, excluded = _listed(params, "namespaces"), _listed(params, "exclude_namespaces")
    names = _listed(params, "names")
    _check("namespaces", namespaces)
    _check("exclude_namespaces", excluded)
    for name in names:
        _check("names", name.split("/") if name.count("/") <= 1 else [name])
    types = tuple(params.get("types") or ())
    return Selection(namespaces, names, params.get("label_selector") or "", excluded, types)


def _listed(params: Mapping[str, Any], part: str) -> tuple[str, ...]:
    """The values of an option, each once: a namespace that is given twice would be listed and written twice."""
    return tuple(dict.fromkeys(value for value in params.get(part) or () if value))


def _check(part: str, values: Iterable[str]) -> None:
    for value in values:
        if not _NAME.fullmatch(value):
            raise InvalidInput(
                f"{part} has {value!r}, which no Kubernetes name matches",
                "Names have lower case letters, digits and -; globs have *, ? and [ ] besides; a Service is NAMESPACE/NAME.",
            )


def _any(value: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def _named(namespace: str, name: str, pattern: str) -> bool:
    where, _slash, what = pattern.rpartition("/")
    return fnmatchcase(name, what) and (not where or fnmatchcase(namespace, where))
