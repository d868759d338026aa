# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks as users do, through ansible-runner, and modules alone, and hands back what they answered."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner

import forked_module

LOCALHOST = f"localhost ansible_connection=local ansible_python_interpreter={sys.executable}"
# What a developer's shell may hold must not reach the modules under test.
_UNSET = ("KUBECONFIG", "K8S_AUTH_")


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(_UNSET)}


KILLED = -1


@dataclass(frozen=True)
class Answer:
    """What one task answered: its result, whether it failed, and everything that Ansible printed."""

    result: dict[str, Any]
    failed: bool
    output: str

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))


@dataclass(frozen=True)
class Run:
    """One run of ansible-playbook: exit code, KILLED where a signal ended it, output, and the results of its tasks by host in
    their order."""

    code: int
    output: str
    results: Sequence[tuple[str, str, dict[str, Any]]]

    def of_module(self, action: str, host: str | None = None) -> list[dict[str, Any]]:
        """Results of the tasks that ran this module, of one host or of all."""
        return [result for name, where, result in self.results if name == action and host in (None, where)]


@dataclass(frozen=True)
class Ansible:
    """Ansible with a folder of its own, an environment, and the options that every module gets.

    Without options, a module gets the kubeconfig that ``accounts`` has for it. ansible-runner asks ``cancelled`` all the time,
    and cancels the run when it says so.
    """

    directory: Path
    options: Mapping[str, Any]
    collections: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    path_first: str = ""
    accounts: Mapping[str, Path] = field(default_factory=dict)
    cancelled: Callable[[], bool] | None = None

    def module(self, name: str, /, check: bool = False, diff: bool = False, **options: Any) -> Answer:
        """Runs this module of the collection, without ansible-playbook."""
        environment = {**_clean(os.environ), "PATH": self._path(), **self.environment}
        result, output = forked_module.run(
            name, self._with_connection(name, options), self.collections, self.directory, environment, check, diff
        )
        return Answer(result, bool(result.get("failed", not result)), output)

    def task(self, name: str, /, check: bool = False, diff: bool = False, **options: Any) -> Answer:
        """Runs one task on localhost with this module of the collection."""
        task = {f"netguard.calico.{name}": self._with_connection(name, options)}
        play = [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]
        flags = " ".join(flag for flag, wanted in (("--check", check), ("--diff", diff)) if wanted)
        run = self.play(play, flags)
        results = run.of_module(f"netguard.calico.{name}")
        if not results:
            return Answer({}, True, run.output)
        return Answer(results[-1], run.code != 0, run.output)

    def _with_connection(self, name: str, options: dict[str, Any]) -> dict[str, Any]:
        connection = self.options or ({"kubeconfig": str(self.accounts[name])} if name in self.accounts else {})
        return {**connection, **options}

    def play(self, play: list[dict[str, Any]], flags: str = "", inventory: str = LOCALHOST) -> Run:
        """Runs a playbook that is given as plain data."""
        playbook = self.directory / "play.json"
        playbook.write_text(json.dumps(play), encoding="utf-8")
        return self.playbook(str(playbook), flags, inventory)

    def playbook(self, playbook: str, flags: str = "", inventory: str = LOCALHOST) -> Run:
        """Runs a playbook by its path or, one of a collection, by its name; ``inventory`` is
        a path, or the content of an inventory."""
        before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(_UNSET)}
        try:
            runner = ansible_runner.run(
                private_data_dir=str(self.directory),
                playbook=playbook,
                inventory=inventory,
                cmdline=flags or None,
                envvars={
                    "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                    "ANSIBLE_NOCOLOR": "1",
                    "ANSIBLE_LOCALHOST_WARNING": "False",
                    # From 2.21 on, results have no options unless they are asked for; no secret may show in them.
                    "ANSIBLE_INJECT_INVOCATION": "True",
                    "PATH": self._path(),
                    **self.environment,
                },
                cancel_callback=self.cancelled,
                quiet=True,
                suppress_env_files=True,
            )
        finally:
            os.environ.update(before)
        results = [
            (data.get("resolved_action") or data.get("task_action", ""), data.get("host", ""), data["res"])
            for event in runner.events
            if "res" in (data := event.get("event_data") or {})
        ]
        output = Path(runner.config.artifact_dir, "stdout").read_text(encoding="utf-8")
        return Run(KILLED if runner.rc is None else int(runner.rc), output, results)

    def _path(self) -> str:
        """PATH with the folder of Ansible's own programs, behind what the test puts first."""
        folders = (self.path_first, str(Path(sys.executable).parent), os.environ["PATH"])
        return os.pathsep.join(folder for folder in folders if folder)
