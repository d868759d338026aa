# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups in a ConfigMap of the cluster itself, for jobs whose files vanish with their container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._cluster.errors import ApiAbsent, NotFound
from .._cluster.gateway import Gateway
from .._cluster.resources import CONFIG_MAPS
from .._plan.backup import Backup, heading
from .backup_place import BackupNotStored, NoBackup

LABEL = "netguard.calico/backup"
KEY = "backup.json"
_EARLIER = "earlier-"
# The API server takes 1 MiB with everything.
_ROOM = 1_000_000


class BackupConfigMap:
    """A ConfigMap of our own. It keeps backups of earlier runs too, as many as there is room for."""

    writes = 1

    def __init__(self, gateway: Gateway, namespace: str, name: str) -> None:
        self._gateway, self._namespace, self._name = gateway, namespace, name

    def __str__(self) -> str:
        return f"configmap:{self._namespace}/{self._name}"

    def rehearse(self, backup: Backup) -> None:
        """Tries it as a dry run. Raises what ``store`` raises."""
        self._store(self._gateway.rehearsal(), backup)

    def store(self, backup: Backup) -> None:
        """Creates or replaces it. Raises BackupNotStored, or Conflict where somebody else writes it at the same time."""
        self._store(self._gateway, backup)

    def read(self) -> str:
        """The latest backup. Raises NoBackup."""
        live = self._live()
        if live is None or KEY not in (live.get("data") or {}):
            raise NoBackup(f"{self} does not exist or has no {KEY}", "Give the backup_file of a run.")
        return str(live["data"][KEY])

    def _live(self) -> Mapping[str, Any] | None:
        return self._gateway.get(CONFIG_MAPS, self._name, self._namespace)

    def _store(self, gateway: Gateway, backup: Backup) -> None:
        live = self._live()
        if live is not None and LABEL not in (live["metadata"].get("labels") or {}):
            raise BackupNotStored(f"{self} is not a backup (it lacks the label {LABEL})", "Choose another name.")
        data = self._data((live or {}).get("data") or {}, backup)
        metadata = {"name": self._name, "namespace": self._namespace, "labels": {LABEL: "policies"}}
        if live is not None:
            metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        if live is not None:
            gateway.replace(CONFIG_MAPS, body)
            return
        try:
            gateway.create(CONFIG_MAPS, body, self._namespace)
        except (NotFound, ApiAbsent) as error:
            raise BackupNotStored(
                f"The namespace {self._namespace} of {self} does not exist", "Create it first."
            ) from error

    def _data(self, live: Mapping[str, str], backup: Backup) -> dict[str, str]:
        """The backup and earlier ones, the latest first, as far as there is room."""
        text = backup.as_text()
        room = _ROOM - len(text.encode())
        if room < 0:
            raise BackupNotStored(f"The backup is too large for {self} ({len(text)} characters)", "Give a file.")
        kept = {KEY: text}
        for key, earlier in sorted(_earlier(live, backup).items(), reverse=True):
            room -= len(earlier.encode())
            if room < 0:
                break
            kept[key] = earlier
        return kept


def _earlier(live: Mapping[str, str], backup: Backup) -> dict[str, str]:
    """What is there of earlier runs, by keys that sort by time."""
    found = {key: text for key, text in live.items() if key.startswith(_EARLIER)}
    if KEY not in live:
        return found
    latest = heading(live[KEY])
    if latest.get("run") == backup.run:
        return found
    key = f"{_EARLIER}{latest.get('created', '').replace(':', '')}-{latest.get('run', '')}.json"
    return {**found, key: live[KEY]}
