# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How service_external_traffic_policy compares with other ways to bring many Services to Local, and what 10,000 take.

Beside it: one task of kubernetes.core, a loop of patches by the Kubernetes client, and nothing but PATCH requests, each with as
many at a time. Both collections run in one environment, of requirements-compared.txt, so that what differs is the module. Of a
task it is the time that Ansible says it took; the start of ansible-playbook comes before that, and is the same for every task.
A task of ping shows what of both is Ansible's own.
Prints each figure beside what it should be; those of 1,000 Services are ratios of times taken one after the other, the median of
several rounds.
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

from ansible_collections.netguard.calico.plugins.module_utils._apply.services import AT_A_TIME  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._report.size import LIMIT  # noqa: E402
from service_content import Services, make_nodes  # noqa: E402

from control_plane import Api, ControlPlane, start, stop  # noqa: E402

ROUNDS = 5
COMPARED, MANY = 1_000, 10_000
MEMORY_MB = 500
OURS, THEIRS = "netguard.calico.service_external_traffic_policy", "kubernetes.core.k8s"
# What a developer's shell may hold must not reach the modules.
_UNSET = ("KUBECONFIG", "K8S_AUTH_", "ANSIBLE_")
# As the callback prints how long a task took.
_TOOK = re.compile(r"^[\w.]+ -+ (?P<seconds>[0-9.]+)s$", re.MULTILINE)
Task = dict[str, Any]


@dataclass(frozen=True)
class Took:
    """Seconds from the start of a program to its end, and of the one task in it; the same where it is no playbook."""

    whole: float
    task: float


Times = dict[str, Took]


def _of_tasks(one: str, other: str) -> Callable[[Times], float]:
    return lambda times: times[one].task / times[other].task


def _of_programs(one: str, other: str) -> Callable[[Times], float]:
    return lambda times: times[one].whole / times[other].whole


# What is printed of each round, and what it should be.
RATIOS: tuple[tuple[str, str, Callable[[Times], float]], ...] = (
    ("change, task: ours / kubernetes.core", "<= 0.5", _of_tasks("ours", "theirs")),
    ("change, task: ours / loop of the client", "<= 1.5", _of_tasks("ours", "loop")),
    ("no change, task: ours / kubernetes.core", "<= 0.167", _of_tasks("ours, none", "theirs, none")),
    ("change, playbook: ours / kubernetes.core", "", _of_programs("ours", "theirs")),
    ("change, playbook: ours / loop of the client", "", _of_programs("ours", "loop")),
    ("no change, playbook: ours / kubernetes.core", "", _of_programs("ours, none", "theirs, none")),
    ("change, task: ours / bare requests", "", _of_tasks("ours", "bare")),
    (
        "change, task: (ours - no change) / bare requests",
        "",
        lambda times: (times["ours"].task - times["ours, none"].task) / times["bare"].task,
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

    def play(self, task: Task, changes: bool, python: Path | None = None) -> Took:
        """Ends the benchmark where the task fails, or changes something and should not, or the other way round."""
        playbook = self.directory / "play.json"
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [task]}
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        interpreter = f"ansible_python_interpreter={python or self.programs / 'python'}"
        program = self.programs / "ansible-playbook"
        words = ["--inventory", "localhost,", "--connection", "local", "--extra-vars", interpreter]
        environment = self._environment()
        began = time.perf_counter()
        done = subprocess.run([program, *words, playbook], env=environment, capture_output=True, text=True, check=False)
        whole = time.perf_counter() - began
        told = _TOOK.search(done.stdout)
        if done.returncode or told is None or bool(re.search(r"changed=[1-9]", done.stdout)) != changes:
            raise SystemExit(f"{next(iter(task))} did not do as it should: {done.stdout}{done.stderr}")
        return Took(whole, float(told["seconds"]))

    def loop(self, services: Services) -> None:
        """A program that has the Kubernetes client patch all of them."""
        words = [str(self.plane.kubeconfig), services.namespace, str(services.count), str(AT_A_TIME)]
        subprocess.run([str(self.programs / "python"), str(HERE / "patch_loop.py"), *words], check=True)

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
        ours = str(ROOT / "build" / "collections")
        return {**kept, "ANSIBLE_COLLECTIONS_PATH": ours, "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks"}


def _compare(bench: Playbooks, api: Api) -> None:
    services = Services(api, "compared", COMPARED, {"type": "NodePort"})
    services.make()
    bench.play({"ping": {}}, False)
    rounds = [_round(bench, services) for _round_number in range(ROUNDS)]
    print(f"{COMPARED} Services to change, and nothing to change; median, lowest and highest of {ROUNDS} rounds")
    for name, wanted, ratio in RATIOS:
        _print(name, [ratio(times) for times in rounds], wanted)
    for name in rounds[0]:
        _print(f"seconds of the program: {name}", [times[name].whole for times in rounds], "")
        _print(f"seconds of the task: {name}", [times[name].task for times in rounds], "")


def _round(bench: Playbooks, services: Services) -> Times:
    """What each way took, each on Services that are Cluster, and those with nothing to change."""
    ours, theirs = bench.ours(services), bench.theirs(services)
    return {
        "ping": bench.play({"ping": {}}, False),
        "ours": _changing(services, lambda: bench.play(ours, True)),
        "loop": _changing(services, lambda: _timed(lambda: bench.loop(services))),
        "bare": _changing(services, lambda: _timed(lambda: services.set_bare("Local"))),
        "theirs": _changing(services, lambda: bench.play(theirs, True)),
        "ours, none": bench.play(ours, False),
        "theirs, none": bench.play(theirs, False),
    }


def _changing(services: Services, work: Callable[[], Took]) -> Took:
    services.set_bare("Cluster")
    took = work()
    services.require("Local")
    return took


def _timed(work: Callable[[], None]) -> Took:
    seconds = _seconds(work)
    return Took(seconds, seconds)


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
