# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back to what a backup holds, as a plan: only where nobody else has changed what the run had written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._calico.errors import NetguardError
from .._calico.global_network_policy import TIER_LABEL, Policy
from .backup import Backup, Entry, Object
from .difference import Difference, differences
from .steps import Plan, Step, being_deleted, in_preferred_order

# The live objects of one kind by the names of their entries.
Found = Mapping[str, Object]
# Of an object that was deleted, what is made anew with it.
_MADE_ANEW = ("name", "labels", "annotations", "ownerReferences", "finalizers")


class ChangedSince(NetguardError):
    """Somebody has changed what a run had written, so that putting back would undo more than that run."""

    code = "changed_since"


def plan_restoring(backup: Backup, found: Found) -> Plan:
    """The writes by which each object of the backup is again as it was; ``found`` has what is live of it, by name.

    What is as it was already needs none. Raises ChangedSince, which says of each object what differs, where one is neither
    as it was nor as the run made it.
    """
    changed = [text for entry in backup.entries if (text := _changed_since(entry, found.get(entry.name)))]
    if changed:
        raise ChangedSince(
            f"Changed since the backup of {backup.created}: {'; '.join(changed)}",
            "Nothing was put back. Look at who changed it; the backup has the objects as they were.",
        )
    steps = [step for entry in backup.entries if (step := _step(entry, found.get(entry.name)))]
    return Plan(in_preferred_order(steps))


def _changed_since(entry: Entry, live: Object | None) -> str | None:
    """What is neither as it was nor as the run made it, in words."""
    if live is not None and being_deleted(live):
        return f"{entry.kind} {entry.name} is being deleted"
    if _is(live, entry.before, entry.after) or _is(live, entry.after, entry.before):
        return None
    if live is None:
        return f"{entry.kind} {entry.name} is gone"
    ends = (entry.before, None) if entry.after is None else (entry.after, entry.before)
    told = ", ".join(map(_told, _differences(live, ends[0] or {}, ends[1] or {})))
    return f"{entry.kind} {entry.name} ({told})"


def _told(difference: Difference) -> str:
    return f"{difference.path} is {difference.live!r}, not {difference.wanted!r}"


def _is(live: Object | None, wanted: Object | None, other: Object | None) -> bool:
    """Whether the live object is the wanted one, as far as it and the ``other`` one differ, and in its whole spec."""
    if live is None or wanted is None:
        return live is wanted
    return not _differences(live, wanted, other or {})


def _differences(live: Object, wanted: Object, other: Object) -> tuple[Difference, ...]:
    """Where the spec differs, and those labels and annotations that the run has changed or brought."""
    own = {part: _own(part, wanted, other) for part in ("labels", "annotations")}
    found = differences(live, Policy(wanted["metadata"]["name"], wanted["spec"], own["labels"], own["annotations"]))
    brought = [
        Difference(f"metadata.{part}.{key}", value, None)
        for part in own
        for key, value in sorted(_brought(part, live, wanted, other).items())
    ]
    return (*found, *brought)


def _own(part: str, wanted: Object, other: Object) -> dict[str, str]:
    """What the wanted object has and the other one has not, which is the run's own or was taken away by it."""
    others = _strings(part, other)
    return {key: value for key, value in _strings(part, wanted).items() if others.get(key) != value}


def _brought(part: str, live: Object, wanted: Object, other: Object) -> dict[str, str]:
    """What the live object has of the other one and the wanted one has not."""
    has, wants = _strings(part, live), _strings(part, wanted)
    return {key: value for key, value in _strings(part, other).items() if key not in wants and has.get(key) == value}


def _strings(part: str, item: Object) -> dict[str, str]:
    # Calico's API server sets this label in real writes only; the spec says the same.
    found = (item.get("metadata") or {}).get(part) or {}
    return {key: value for key, value in found.items() if key != TIER_LABEL}


def _step(entry: Entry, live: Object | None) -> Step | None:
    if _is(live, entry.before, entry.after):
        return None
    if entry.before is None:
        return Step("delete", entry.name, live, None, kind=entry.kind)
    if live is None:
        return Step("create", entry.name, None, _anew(entry), kind=entry.kind)
    found = _differences(live, entry.before, entry.after or {})
    return Step("update", entry.name, live, _put_back(live, entry.before, entry.after or {}), found, entry.kind)


def _anew(entry: Entry) -> dict[str, Any]:
    before = entry.before or {}
    metadata = {key: value for key, value in before["metadata"].items() if key in _MADE_ANEW}
    return {**before, "metadata": {**metadata, "name": entry.name}}


def _put_back(live: Object, before: Object, after: Object) -> dict[str, Any]:
    """The live object with the spec that it had, and with the labels and annotations that the run had changed."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    for part in ("labels", "annotations"):
        brought = _brought(part, live, before, after)
        kept = {key: value for key, value in (metadata.get(part) or {}).items() if key not in brought}
        metadata[part] = {**kept, **_own(part, before, after)}
    return {**live, "metadata": metadata, "spec": before["spec"]}
