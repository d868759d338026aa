# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What service_external_traffic_policy imports before it knows that there is something to change."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

OWN = "ansible_collections.netguard.calico.plugins.module_utils."
PRINTED = "import sys, {module}; print('\\n'.join(sys.modules))"


def imported(module: str) -> set[str]:
    """Our own modules that a fresh Python has after the import of this one."""
    words = [sys.executable, "-c", PRINTED.format(module=f"{OWN}{module}")]
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(words, env={**os.environ, **paths}, capture_output=True, text=True, check=True)
    return {name.removeprefix(OWN) for name in done.stdout.split() if name.startswith(OWN)}


LATE = (
    "_apply.batches",
    "_apply.service_backup",
    "_apply.surroundings",
    "_calico.inventory",
    "_plan.backup",
    "_service.hazards",
)


@pytest.mark.parametrize("late", LATE)
def test_what_only_a_change_takes_is_not_imported_before_there_is_one(late: str) -> None:
    assert late not in imported("_module.services")


def test_all_of_it_is_what_a_change_takes() -> None:
    assert imported("_module.service_changes").issuperset(LATE)
