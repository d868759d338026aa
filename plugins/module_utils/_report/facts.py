# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found out about a cluster, as plain values that results, checks and texts are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

IN_PLACE, DRIFTED, MISSING, UNKNOWN = "in_place", "drifted", "missing", "unknown"


@dataclass(frozen=True)
class PolicyFact:
    """One policy of the baseline as it is in the cluster.

    ``status`` is in_place, drifted, missing, or unknown where it could not be read, or the server could not be asked what
    it would restore. ``managed_by`` is the GitOps tool that keeps it, if any.
    ``difference`` lists the fields that differ, each with its path, live and wanted value; ``spec`` is
    the live one.
    """

    name: str
    status: str
    difference: Sequence[Mapping[str, Any]] = ()
    spec: Mapping[str, Any] | None = None
    managed_by: str | None = None

    def as_result(self) -> dict[str, Any]:
        spec = None if self.spec is None else dict(self.spec)
        return {
            "name": self.name,
            "status": self.status,
            "managed_by": self.managed_by,
            "difference": [dict(d) for d in self.difference],
            "spec": spec,
        }


@dataclass(frozen=True)
class ServiceFact:
    """One Service of the selection.

    ``status`` is compliant, not_compliant, ignored (its owner opted out), not_applicable (it cannot have the field),
    or missing (it was named and does not exist); ``reason`` says it in words.
    """

    namespace: str
    name: str
    type: str
    external_traffic_policy: str | None
    status: str
    reason: str

    @property
    def complies(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.status in ("compliant", "not_applicable")

    def as_result(self) -> dict[str, Any]:
        return {
            "namespace": self.namespace,
            "name": self.name,
            "type": self.type,
            "external_traffic_policy": self.external_traffic_policy,
            "complies": self.complies,
            "status": self.status,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Unread:
    """Something that could not be read: ``what`` in plain words, the error's code and message."""

    what: str
    code: str
    message: str

    def as_result(self) -> dict[str, Any]:
        return {"what": self.what, "code": self.code, "message": self.message}


@dataclass(frozen=True)
class CheckFact:
    """One of the user's own checks. It passes only where its query gives true, not where it gives something else."""

    id: str
    query: str
    message: str
    passed: bool
    value: Any

    def as_result(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "query": self.query,
            "message": self.message,
            "passed": self.passed,
            "value": self.value,
        }
