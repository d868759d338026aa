# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run without ansible-playbook, in a fifth of the time: what they do to a cluster is the same."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible.module_utils.common.parameters import PASS_VARS
from ansible.release import __version__ as ANSIBLE_VERSION

SERVER = Path(__file__).with_name("module_server.py")
# Those that run nothing just now, by the folder of their collections.
_IDLE: dict[str, list[subprocess.Popen[str]]] = {}


def run(
    module: str,
    options: Mapping[str, Any],
    collections: Path,
    directory: Path,
    environment: Mapping[str, str],
    check: bool = False,
    diff: bool = False,
) -> tuple[dict[str, Any], str]:
    """The module's result, empty where it ended without one, and all that it printed."""
    output = directory / "module.output"
    asked = {
        "module": module,
        "arguments": {**options, **_internal(module, check, diff)},
        "directory": str(directory),
        "environment": dict(environment),
        "output": str(output),
    }
    with _server(str(collections)) as server:
        assert server.stdin and server.stdout
        server.stdin.write(f"{json.dumps(asked)}\n")
        server.stdin.flush()
        assert server.stdout.readline(), "the process that runs modules has ended"
    text = output.read_text(encoding="utf-8")
    return _result(text), text


def _internal(module: str, check: bool, diff: bool) -> dict[str, Any]:
    """What ansible-playbook tells a module besides its options."""
    # Modules return what they were called with only where asked to from ansible-core 2.21 on, and always before.
    invocation = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}
    return {
        **invocation,
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_module_name": f"netguard.calico.{module}",
        "_ansible_version": ANSIBLE_VERSION,
        "_ansible_syslog_facility": "LOG_USER",
    }


def _result(text: str) -> dict[str, Any]:
    """The result among the lines that a module printed: the last that is a JSON object."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            result: dict[str, Any] = json.loads(line)
            said = {"warnings": [_text(each) for each in result["warnings"]]} if "warnings" in result else {}
            return {**result, **said}
    return {}


def _text(said: Any) -> str:
    """A warning, which modules hand over as an event from ansible-core 2.19 on; ansible-playbook makes a text of it."""
    return str(said["event"]["msg"] if isinstance(said, dict) else said)


@contextmanager
def _server(collections: str) -> Iterator[subprocess.Popen[str]]:
    """One that runs nothing else meanwhile; tests may run several modules at once."""
    idle = _IDLE.setdefault(collections, [])
    server = idle.pop() if idle else _started(collections)
    yield server
    idle.append(server)


def _started(collections: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SERVER), collections]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(server.kill)
    return server
