# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules of the collection, each in a process of its own that is forked from one with the libraries loaded.

``python module_server.py COLLECTIONS``; see ``forked_module.py`` for what it is asked and answers. As AnsiballZ does for a
module, arguments are put where AnsibleModule looks for them, and main() is called.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

_MODULES = "ansible_collections.netguard.calico.plugins.modules"
# Loading is most of the time that a module's run takes here.
_LIBRARIES = ("ansible.module_utils.basic", "kubernetes", "kubernetes.client", "kubernetes.config", "yaml", "jmespath")


def main(collections: str) -> None:
    sys.path.insert(0, collections)
    ours = (f"{_MODULES}.{file.stem}" for file in Path(collections, *_MODULES.split(".")).glob("[!_]*.py"))
    for name in (*_LIBRARIES, *ours):
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(json.loads(line))
        _child, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(asked: dict[str, Any]) -> NoReturn:
    """Runs the module in this process, and ends it."""
    output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, standard in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, standard)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["directory"])
    code: Any = 1
    try:
        _main_of(asked["module"], asked["arguments"])
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def _main_of(module: str, arguments: dict[str, Any]) -> None:
    basic = importlib.import_module("ansible.module_utils.basic")
    vars(basic).update(
        _ANSIBLE_ARGS=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode(),
        # Wanted from ansible-core 2.19 on.
        _ANSIBLE_PROFILE="legacy",
    )
    importlib.import_module(f"{_MODULES}.{module}").main()


if __name__ == "__main__":
    main(sys.argv[1])
