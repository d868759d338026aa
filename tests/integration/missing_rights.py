# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that each lack one right of docs/rbac, and what modules answer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accounts
from ansible_run import Ansible
from control_plane import ControlPlane

Task = tuple[str, dict[str, Any]]
Results = list[dict[str, Any]]
ByRight = Mapping["Right", Results]


@dataclass(frozen=True)
class Right:
    """A verb on a resource, as messages and RBAC spell it."""

    verb: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} on {self.resource}"


def of_rules(account: str) -> list[Right]:
    """Every right of the account's own role."""
    return [
        Right(verb, f"{resource}.{group}" if group else resource)
        for rule in accounts.own_rules(account)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def without(rules: Sequence[accounts.Rule], missing: Right) -> list[accounts.Rule]:
    """The rules that are left when one right is taken away."""
    kept: list[accounts.Rule] = []
    for rule in rules:
        plural, _dot, group = missing.resource.removeprefix("tier.").partition(".")
        plural = f"tier.{plural}" if missing.resource.startswith("tier.") else plural
        others = [resource for resource in rule["resources"] if resource != plural or rule["apiGroups"] != [group]]
        if len(others) < len(rule["resources"]):
            verbs = [verb for verb in rule["verbs"] if verb != missing.verb]
            kept += [{**rule, "resources": [plural], "verbs": verbs}] if verbs else []
        kept += [{**rule, "resources": others}] if others else []
    return kept


@dataclass(frozen=True)
class Trial:
    """Runs tasks as an account, and again as accounts that each lack one of its rights."""

    ansible: Ansible
    plane: ControlPlane
    directory: Path

    def results(
        self, account: str, missing: Sequence[Right], tasks: Sequence[Task], reset: Sequence[Task] = ()
    ) -> tuple[Results, ByRight]:
        """The tasks' results with all rights, and by the right that was missing.

        ``reset`` is run by the administrator after each round.
        """
        rules = accounts.rules(account)
        files = [
            self._file(account, i, r) for i, r in enumerate([rules, *(without(rules, right) for right in missing)])
        ]
        rounds = [self._round(file, tasks, reset) for file in files]
        return rounds[0], dict(zip(missing, rounds[1:], strict=True))

    def _round(self, kubeconfig: Path, tasks: Sequence[Task], reset: Sequence[Task]) -> Results:
        answers = [self.ansible.module(name, **{"kubeconfig": str(kubeconfig), **options}) for name, options in tasks]
        for name, options in reset:
            self.ansible.module(name, **{**options, "kubeconfig": str(self.plane.kubeconfig)})
        assert all(answer.result for answer in answers), [answer.output for answer in answers]
        return [answer.result for answer in answers]

    def _file(self, account: str, number: int, rules: Sequence[accounts.Rule]) -> Path:
        return accounts.with_rules(self.plane, f"{account}-without-{number}", rules, self.directory)


def names(right: Right, message: str) -> bool:
    """Whether the message says which verb on what is missing, and what to grant."""
    if right == Right("get", "tiers.projectcalico.org") and "get on the tier" in message:
        return True
    plain = right.resource.removeprefix("tier.")
    return f"{right.verb} {plain}" in message and "is forbidden" in message and f"{right.verb} on " in message
