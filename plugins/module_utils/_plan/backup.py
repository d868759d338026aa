# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run changes, kept before its first write: each object as it was, and as it is to be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._calico.errors import InvalidInput
from .._calico.global_network_policy import KIND, STAGED_KIND

FORMAT = "netguard.calico/backup/1"
# What plans write.
POLICIES = (KIND, STAGED_KIND)
SERVICE = "Service"
Object = Mapping[str, Any]


class InvalidBackup(InvalidInput):
    """What is given as a backup is none, or not one of this format."""

    code = "invalid_backup"


@dataclass(frozen=True)
class Entry:
    """One object that is written: as it was before the run, and as the server makes it; None where it is not there.

    ``name`` is the wanted one, which in some releases of Calico is not the object's own.
    """

    kind: str
    name: str
    before: Object | None
    after: Object | None

    @property
    def key(self) -> tuple[str, str]:
        """As a step's."""
        return self.kind, self.name

    @property
    def own_name(self) -> str:
        """The name under which the cluster has it."""
        return str((self.before or self.after or {})["metadata"]["name"])


@dataclass(frozen=True)
class Backup:
    """The entries of one run, which has an identifier and a time in UTC; ``cluster`` is the cluster's uid, None if not known.

    ``job`` is what several runs have in common that are undone together; empty where nobody named it.
    """

    cluster: str | None
    run: str
    created: str
    entries: tuple[Entry, ...] = ()
    job: str = ""

    @property
    def origin(self) -> dict[str, str]:
        """Of which job it is, and when it was made, as modules tell it. A run without a job is one by itself."""
        return {"job": self.job or self.run, "created": self.created}

    def of_kind(self, kind: str) -> Backup:
        """The entries of one kind."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry.kind == kind))

    def as_text(self) -> str:
        """As it is stored."""
        entries = [{"kind": e.kind, "name": e.name, "before": e.before, "after": e.after} for e in self.entries]
        content = {"format": FORMAT, "cluster": self.cluster, "run": self.run, "created": self.created, "job": self.job}
        return json.dumps({**content, "objects": entries}, indent=1, sort_keys=True) + "\n"


def parsed_backup(text: str, where: str, kinds: Sequence[str] = POLICIES) -> Backup:
    """A backup of objects of these kinds, as it was stored ``where``. Raises InvalidBackup."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InvalidBackup(f"{where} is not JSON: {error}", _REMEDY) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        given = content.get("format") if isinstance(content, dict) else None
        raise InvalidBackup(f"{where} is not a backup of the format {FORMAT} (format: {given!r})", _REMEDY)
    entries, about = content.get("objects"), [content.get(key) for key in ("cluster", "run", "created", "job")]
    if not isinstance(entries, list) or not all(isinstance(part, str) for part in about if part is not None):
        raise InvalidBackup(f"{where} lacks its objects, or what says when and of which cluster it was made", _REMEDY)
    cluster, run, created, job = about
    return Backup(
        cluster,
        run or "",
        created or "",
        tuple(_entry(e, f"{where}: objects[{i}]", kinds) for i, e in enumerate(entries)),
        job or "",
    )


def heading(text: str | bytes) -> Mapping[str, str]:
    """What a stored backup says of the run that it is of, nothing where it is no backup."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) and content.get("format") == FORMAT else {}


_REMEDY = "Give what a run with backup has written."


def _entry(content: object, where: str, kinds: Sequence[str]) -> Entry:
    if not isinstance(content, dict) or content.get("kind") not in kinds or not isinstance(content.get("name"), str):
        raise InvalidBackup(f"{where} has no name, or not one of the kinds {', '.join(kinds)}", _REMEDY)
    before, after = content.get("before"), content.get("after")
    there = [item for item in (before, after) if item is not None]
    if not there or not all(_is_object(item) for item in there):
        raise InvalidBackup(f"{where} ({content['kind']} {content['name']}) has no object before or after", _REMEDY)
    return Entry(content["kind"], content["name"], before, after)


def _is_object(item: object) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("spec"), dict)
        and isinstance(item.get("metadata"), dict)
        and isinstance(item["metadata"].get("name"), str)
    )
