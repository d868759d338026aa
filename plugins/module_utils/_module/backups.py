# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option backup: where that of a run is kept, and what is read from there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from .._apply.backup_config_map import BackupConfigMap
from .._apply.backup_file import BackupFile
from .._apply.backup_place import BackupPlace
from .._calico.errors import InvalidInput, NetguardError
from .._cluster.gateway import Gateway
from .._plan.backup import POLICIES, Backup, parsed_backup
from .run import Session, WrongCluster

_CONFIG_MAP = "configmap:"
_NAME = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
Place = Callable[[Gateway], BackupPlace]


def backup_place(given: str | None) -> Place | None:
    """Where the option ``backup`` says, None where it is not given. Raises InvalidInput for what can be no place."""
    if given is None:
        return None
    if given.startswith(_CONFIG_MAP):
        found = re.fullmatch(rf"(?P<namespace>{_NAME})/(?P<name>{_NAME})", given[len(_CONFIG_MAP) :])
        if found is None:
            raise InvalidInput(f"backup is {given!r}", f"Write {_CONFIG_MAP}NAMESPACE/NAME, or the path of a file.")
        return lambda gateway: BackupConfigMap(gateway, found["namespace"], found["name"])
    if not given.strip():
        raise InvalidInput("backup is empty", f"Give the path of a file, {_CONFIG_MAP}NAMESPACE/NAME, or leave it out.")
    file = BackupFile(Path(given).absolute())
    return lambda _gateway: file


def new_backup(session: Session) -> Backup:
    """The backup of this run, still without what it changes."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Backup(session.cluster.uid, uuid4().hex, now, job=session.params["backup_job"] or "")


def stored_backup(session: Session, place: Place, kinds: Sequence[str] = POLICIES) -> Backup:
    """The backup that is there. Raises NoBackup, InvalidBackup, or WrongCluster where it is not for sure of this cluster."""
    at = place(session.gateway)
    backup = parsed_backup(at.read(), str(at), kinds)
    if backup.cluster is None or session.cluster.uid is None:
        raise WrongCluster(
            f"Whether {at} is of this cluster is not known, since a uid could not be read",
            "Grant get on the namespace kube-system.",
        )
    if backup.cluster != session.cluster.uid:
        raise WrongCluster(
            f"{at} is of the cluster {backup.cluster}, and {session.cluster.server} has the uid {session.cluster.uid}",
            "Check the connection and the backup; nothing was written.",
        )
    return backup


@contextmanager
def telling_origin(backup: Backup) -> Iterator[None]:
    """Lets errors say too which backup was to be put back, so that one that is not meant is no obstacle."""
    try:
        yield
    except NetguardError as error:
        error.details = {**error.details, "restored_from": backup.origin}
        raise
