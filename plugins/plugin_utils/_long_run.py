# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the modules that write are run: as any module, and watching over who runs it, with lines about how far it is."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Mapping
from typing import Any

from ansible import constants as C
from ansible.plugins.action.normal import ActionModule as Normal
from ansible.utils.display import Display
from ansible_collections.netguard.calico.plugins.module_utils._module.callers import (
    CALLERS_VARIABLE,
    as_text,
    caller,
)
from ansible_collections.netguard.calico.plugins.module_utils._module.progress import PROGRESS_VARIABLE, last_line
from ansible_collections.netguard.calico.plugins.plugin_utils._lines import lines


class LongRun(Normal):  # type: ignore[misc]
    """Runs the module of the same name.

    On the controller the module gets to know by its environment which processes it works for, so that it stops when they are
    gone, and where it may tell how far it is. A task with ``async`` is meant to outlive them, and is left alone.
    """

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        """The module's result."""
        if self._task.async_val:
            return super().run(tmp, task_vars)
        with (
            tempfile.NamedTemporaryFile(dir=C.DEFAULT_LOCAL_TMP, prefix="progress-") as told,
            lines(self._subject(task_vars or {}), lambda: self._said(told.name), Display().display),
        ):
            return self._run_with(self._environment(told.name), tmp, task_vars)

    def _run_with(self, environment: Mapping[str, str], tmp: Any, task_vars: Any) -> Any:
        self._task.environment = [*(self._task.environment or ()), environment]
        try:
            return super().run(tmp, task_vars)
        finally:
            self._task.environment = self._task.environment[:-1]

    def _environment(self, told: str) -> dict[str, str]:
        """Nothing for a module elsewhere: the numbers of processes mean nothing there, and the file is not there."""
        if self._connection.transport != "local":
            return {}
        # This process may outlive ansible-playbook, whose worker it is, and the other way round.
        parent = multiprocessing.parent_process()
        callers = [os.getpid(), *([parent.pid] if parent is not None and parent.pid else [])]
        return {CALLERS_VARIABLE: as_text(map(caller, callers)), PROGRESS_VARIABLE: told}

    def _subject(self, task_vars: Mapping[str, Any]) -> str:
        return f"{self._task.action.rpartition('.')[2]} [{task_vars.get('inventory_hostname', '')}]"

    def _said(self, told: str) -> str:
        """What the module tells, but of a task with no_log, whose matter is to stay untold."""
        return "" if self._task.no_log else last_line(told)
