# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a backup is kept, and what is to happen after a write that failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from .._calico.errors import NetguardError
from .._plan.backup import Backup
from .._plan.steps import Answers, Plan

OnFailure = Literal["stop", "restore"]


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


@dataclass(frozen=True)
class Undo:
    """``backup`` is that of this run, still without what it changes; ``place`` is None where it is not to be stored."""

    backup: Backup
    place: BackupPlace | None = None
    on_failure: OnFailure = "stop"

    def with_plan(self, plan: Plan, answers: Answers) -> Undo:
        """With what a plan writes in the backup."""
        return replace(self, backup=self.backup.with_plan(plan, answers))

    @property
    def writes(self) -> int:
        """How many writes to the cluster storing the backup takes."""
        return 0 if self.place is None else self.place.writes

    def rehearse(self) -> None:
        """Raises where the backup could not be stored, as far as that is known before it is done."""
        if self.place is not None:
            self.place.rehearse(self.backup)

    def store(self) -> None:
        """Stores the backup where it is to be stored."""
        if self.place is not None:
            self.place.store(self.backup)


NO_UNDO = Undo(Backup(None, "", ""))
