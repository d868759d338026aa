# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a backup is kept."""

from __future__ import annotations

from typing import Protocol

from .._calico.errors import NetguardError
from .._plan.backup import Backup


class BackupNotStored(NetguardError):
    """The backup cannot be stored, so nothing is written."""

    code = "backup_not_stored"


class NoBackup(NetguardError):
    """There is no backup where one is to be."""

    code = "no_backup"


class BackupPlace(Protocol):
    """A place for the backup of one run; ``writes`` is how many writes to the cluster storing it takes."""

    writes: int

    def __str__(self) -> str:
        """As the user gives it, by which it is found again."""

    def rehearse(self, backup: Backup) -> None:
        """Raises what storing it would raise, as far as that is known without doing it."""

    def store(self, backup: Backup) -> None:
        """Stores it. What is there from an earlier run is kept beside it, what is there from the same run is replaced."""

    def read(self) -> str:
        """What was stored. Raises NoBackup where nothing was."""
