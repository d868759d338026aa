# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup of a run that writes Services: of each what the run changes, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .._service.decided import Decided
from .._service.external_traffic_policy import ORIGINAL, annotations_of
from .._service.restored import Restored
from .._service.selection import full_name
from .backup import SERVICE, Backup, Entry, Object


def with_services(backup: Backup, decided: Iterable[Decided]) -> Backup:
    """The backup with each Service that is to be changed."""
    entries = [
        Entry(SERVICE, full_name(one.service), _kept(one.service, {}), _kept(one.service, one.decision.patch or {}))
        for one in decided
        if one.is_to_change
    ]
    return replace(backup, entries=tuple(entries))


def restored_by(backup: Backup) -> Restored:
    """The state before the run that the backup is of."""
    return Restored({entry.name: (entry.before or {}, entry.after or {}) for entry in backup.entries})


def _kept(service: Object, patch: Object) -> dict[str, Any]:
    """The fields that a run writes, and by which the Service is known again, after the patch."""
    spec = {**service["spec"], **(patch.get("spec") or {})}
    annotations = {**annotations_of(service), **(patch.get("metadata", {}).get("annotations") or {})}
    metadata: dict[str, Any] = {key: service["metadata"].get(key) for key in ("namespace", "name", "uid")}
    if annotations.get(ORIGINAL) is not None:
        metadata["annotations"] = {ORIGINAL: annotations[ORIGINAL]}
    owned = {key: spec[key] for key in ("externalTrafficPolicy", "healthCheckNodePort") if spec.get(key) is not None}
    return {"metadata": metadata, "spec": owned}
