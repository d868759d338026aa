# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies in a backup: each as it was before the run, and as the server makes it."""

from __future__ import annotations

from dataclasses import replace

from .backup import Backup, Entry, Object
from .steps import Answers, Plan


def with_plan(backup: Backup, plan: Plan, answers: Answers) -> Backup:
    """The backup with what a plan writes. What an earlier plan of the same run has changed keeps what it was before that."""
    known = {entry.key: entry for entry in backup.entries}
    for step in plan.steps:
        before = known[step.key].before if step.key in known else _kept(step.before)
        known[step.key] = Entry(step.kind, step.name, before, _kept(answers[step.key]))
    return replace(backup, entries=tuple(known.values()))


def _kept(item: Object | None) -> Object | None:
    """Without the record of who wrote which field, which is long and cannot be put back."""
    if item is None:
        return None
    metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": metadata}
