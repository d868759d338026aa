# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How service_external_traffic_policy compares with other ways to bring many Services to Local, and what 10,000 take.

Beside it: one task of kubernetes.core, and nothing but the PATCH requests, as many at a time. Both collections run in one
environment, of requirements-compared.txt, so that what differs is the module. Prints each figure beside what it should be; those
of 1,000 Services are ratios of times taken one after the other, the median of several rounds.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "cluster"), str(ROOT / "build" / "collections")]

from ansible_collections.netguard.calico.plugins.module_utils._report.size import LIMIT  # noqa: E402
from service_content import Services, make_nodes  # noqa: E402

from control_plane import Api, ControlPlane, start, stop  # noqa: E402

ROUNDS = 3
COMPARED, MANY = 1_000, 10_000
MEMORY_MB = 500
OURS, THEIRS = "netguard.calico.service_external_traffic_policy", "kubernetes.core.k8s"
# What a developer's shell may hold must not reach the modules.
_UNSET = ("KUBECONFIG", "K8S_AUTH_", "ANSIBLE_")
Task = dict[str, Any]
Times = dict[str, float]
# What is printed of each round, and what it should be. Bare requests have no start of Ansible, which a ping takes; a run with
# nothing to change takes the module's own start besides, so that without it the writes are left, and the look at hazards.
RATIOS: tuple[tuple[str, str, Callable[[Times], float]], ...] = (
    ("change: ours / kubernetes.core", "<= 0.5", lambda t: t["ours"] / t["theirs"]),
    (
        "change: (ours - ping) / (kubernetes.core - ping)",
        "",
        lambda t: (t["ours"] - t["ping"]) / (t["theirs"] - t["ping"]),
    ),
    ("change: ours / bare requests", "", lambda t: t["ours"] / t["bare"]),
    ("change: (ours - ping) / bare requests", "<= 1.5", lambda t: (t["ours"] - t["ping"]) / t["bare"]),
    ("change: (ours - no change) / bare requests", "", lambda t: (t["ours"] - t["ours, none"]) / t["bare"]),
    ("no change: ours / kubernetes.core", "<= 0.167", lambda t: t["ours, none"] / t["theirs, none"]),
    (
        "no change: (ours - ping) / (kubernetes.core - ping)",
        "",
        lambda t: (t["ours, none"] - t["ping"]) / (t["theirs, none"] - t["ping"]),
    ),
)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="netguard-bench-") as directory:
        plane = start(Path(directory, "plane"))
        try:
            bench = Playbooks(Path(directory), plane, Path(os.environ["NETGUARD_COMPARED"]))
            make_nodes(plane.admin_api())
            _compare(bench, plane.admin_api())
            _many(bench, plane.admin_api())
        finally:
            stop(plane.directory)
    return 0


@dataclass(frozen=True)
class Playbooks:
    """Plays of one task, by the ansible-playbook of the environment whose programs are in ``programs``."""

    directory: Path
    plane: ControlPlane
    programs: Path

    def ours(self, services: Services) -> Task:
        """One task of ours that makes the Services Local."""
        return {OURS: {"namespaces": [services.namespace], "kubeconfig": str(self.plane.kubeconfig)}}

    def theirs(self, services: Services) -> Task:
        """The same as one task of kubernetes.core, which is given all Services at once."""
        wanted = services.definitions("Local")
        options = {"state": "patched", "resource_definition": wanted, "kubeconfig": str(self.plane.kubeconfig)}
        return {THEIRS: options}

    def play(self, task: Task, changes: bool, python: Path | None = None) -> None:
        """Ends the benchmark where the task fails, or changes something and should not, or the other way round."""
        playbook = self.directory / "play.json"
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        interpreter = f"ansible_python_interpreter={python or self.programs / 'python'}"
        program = self.programs / "ansible-playbook"
        words = ["--inventory", "localhost,", "--connection", "local", "--extra-vars", interpreter]
        environment = self._environment()
        done = subprocess.run([program, *words, playbook], env=environment, capture_output=True, text=True, check=False)
        if done.returncode or bool(re.search(r"changed=[1-9]", done.stdout)) != changes:
            raise SystemExit(f"{next(iter(task))} did not do as it should: {done.stdout}{done.stderr}")

    def measured(self, task: Task, changes: bool) -> dict[str, float]:
        """What the module's own process printed and held, by ``measured_python.py``."""
        output, python = self.directory / "measured.json", self.directory / "measured-python"
        words = [self.programs / "python", HERE / "measured_python.py", output, self.programs / "python"]
        python.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n', encoding="utf-8")
        python.chmod(0o700)
        self.play(task, changes, python)
        found: dict[str, float] = json.loads(output.read_text(encoding="utf-8"))
        return found

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_UNSET)}
        return {**kept, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections")}


def _compare(bench: Playbooks, api: Api) -> None:
    services = Services(api, "compared", COMPARED, {"type": "NodePort"})
    services.make()
    bench.play({"ping": {}}, False)
    rounds = [_round(bench, services) for _round_number in range(ROUNDS)]
    print(f"{COMPARED} Services to change, and nothing to change; median, lowest and highest of {ROUNDS} rounds")
    for name, wanted, ratio in RATIOS:
        _print(name, [ratio(times) for times in rounds], wanted)
    for name in rounds[0]:
        _print(f"seconds: {name}", [times[name] for times in rounds], "")


def _round(bench: Playbooks, services: Services) -> Times:
    """The seconds of each way, each on Services that are Cluster, and of those with nothing to change."""
    ours, theirs = bench.ours(services), bench.theirs(services)
    return {
        "ping": _seconds(lambda: bench.play({"ping": {}}, False)),
        "ours": _changing(services, lambda: bench.play(ours, True)),
        "theirs": _changing(services, lambda: bench.play(theirs, True)),
        "bare": _changing(services, lambda: services.set_bare("Local")),
        "ours, none": _seconds(lambda: bench.play(ours, False)),
        "theirs, none": _seconds(lambda: bench.play(theirs, False)),
    }


def _changing(services: Services, work: Callable[[], None]) -> float:
    services.set_bare("Cluster")
    seconds = _seconds(work)
    services.require("Local")
    return seconds


def _many(bench: Playbooks, api: Api) -> None:
    """More than a server has ports of the nodes for, so they have an external address; one of the cluster takes long to make."""
    services = Services(api, "many", MANY, {"clusterIP": "None", "externalIPs": ["192.0.2.1"]})
    services.make()
    print(f"{MANY} Services, the module's own process: result in bytes (< {LIMIT}), peak memory in MB (< {MEMORY_MB})")
    _measure(bench, services, True)
    _measure(bench, services, False)
    print(f"{'bare requests':52}{'':>18}   in {_seconds(lambda: services.set_bare('Cluster')):.1f} s")


def _measure(bench: Playbooks, services: Services, changes: bool) -> None:
    began = time.perf_counter()
    found = bench.measured(bench.ours(services), changes)
    seconds = time.perf_counter() - began
    services.require("Local")
    name = "change" if changes else "no change"
    print(f"{name:52}{found['bytes']:>10.0f}{found['peak_mb']:>8.0f}   in {seconds:.1f} s")


def _print(name: str, values: list[float], wanted: str) -> None:
    print(f"{name:52}{median(values):>8.3f}{min(values):>8.3f}{max(values):>8.3f}   {wanted}")


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
