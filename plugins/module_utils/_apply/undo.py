# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup of a run that writes policies, and what is to happen after a write that failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .._plan.backup import Backup
from .._plan.policy_backup import with_plan
from .._plan.steps import Answers, Plan
from .backup_place import BackupPlace

OnFailure = Literal["stop", "restore"]


@dataclass(frozen=True)
class Undo:
    """``backup`` is that of this run, still without what it changes; ``place`` is None where it is not to be stored."""

    backup: Backup
    place: BackupPlace | None = None
    on_failure: OnFailure = "stop"

    def with_plan(self, plan: Plan, answers: Answers) -> Undo:
        """With what a plan writes in the backup."""
        return replace(self, backup=with_plan(self.backup, plan, answers))

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
