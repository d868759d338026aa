# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long verdicts take on 10,000 Pods in 500 namespaces with the default baseline and 200 more policies.

Prints each figure beside what it should be, and writes the same to build/benchmarks/verdicts.txt, with the machine and its load.
"""

from __future__ import annotations

import os
import platform
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "plugins" / "module_utils")]

from _calico.baseline import Placeholders, default_manifests  # noqa: E402
from _calico.changes import Comparison  # noqa: E402
from _calico.evaluation import Evaluation  # noqa: E402
from _calico.snapshot import Snapshot, snapshot  # noqa: E402
from _calico.table import DecisionTable  # noqa: E402
from _calico.traffic import Traffic  # noqa: E402
from large_cluster import Object, endpoints, policies  # noqa: E402

PODS, NAMESPACES, POLICIES = 10_000, 500, 200
CONNECTIONS = 40_000
Found = TypeVar("Found")
OUTPUT = ROOT / "build" / "benchmarks" / "verdicts.txt"


def main() -> int:
    lines = [_machine(), f"{PODS} Pods in {NAMESPACES} namespaces, the default baseline and {POLICIES} random policies"]
    chosen = policies(POLICIES, NAMESPACES, seed=1)
    cluster = snapshot([*endpoints(PODS, NAMESPACES), *default_manifests(Placeholders()), *chosen], {}, {})
    before = _megabytes()
    table, seconds = _timed(lambda: DecisionTable(cluster))
    lines.append(_line("snapshot compiled", f"{seconds:.2f} s", "under 5 s"))
    lines.append(_line("memory for it", f"{_megabytes() - before} MB", "under 500 MB"))
    lines += _verdicts(table)
    for name, after in _changes(cluster, chosen):
        count, seconds = _timed(lambda after=after: _differences(cluster, after))  # type: ignore[misc]
        lines.append(_line(f"difference, {name} ({count} changes)", f"{seconds:.2f} s", "under 15 s"))
    lines.append(f"load average at the end: {', '.join(f'{load:.2f}' for load in os.getloadavg())}")
    text = "\n".join(lines)
    print(text)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(f"{text}\n", encoding="utf-8")
    return 0


def _verdicts(table: DecisionTable) -> list[str]:
    chance = random.Random(5)
    pods = [point for point in table.space.points if point.endpoint is not None]
    kinds = [Traffic(6, port, 40_000) for port in (22, 80, 443, 5432, 8080)]
    asked = [(chance.choice(pods), chance.choice(pods), chance.choice(kinds)) for _again in range(CONNECTIONS)]
    lines = []
    for name, wanted in (("first verdicts", "at least 20,000"), ("repeated verdicts", "at least 100,000")):
        _answers, seconds = _timed(lambda: [table.verdict(*connection) for connection in asked])
        lines.append(_line(f"{name} a second", f"{CONNECTIONS / seconds:,.0f}", wanted))
    return lines


def _changes(cluster: Snapshot, chosen: list[Object]) -> list[tuple[str, Snapshot]]:
    one = next(policy for policy in chosen[6:] if policy["kind"] == "GlobalNetworkPolicy")
    return [
        ("one policy removed", cluster.with_change([], [one])),
        ("all replaced", cluster.with_change(policies(POLICIES, NAMESPACES, seed=2), chosen)),
    ]


def _differences(before: Snapshot, after: Snapshot) -> int:
    """The number of changes; each is looked at and dropped, as whoever sums them up does."""
    return sum(change.grid != 0 for change in Comparison(Evaluation(before), Evaluation(after)).changes())


def _timed(work: Callable[[], Found]) -> tuple[Found, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _line(what: str, found: str, wanted: str) -> str:
    return f"{what:<48}{found:>14}   {wanted}"


def _machine() -> str:
    loads = ", ".join(f"{load:.2f}" for load in os.getloadavg())
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load average at the start: {loads}"


if __name__ == "__main__":
    sys.exit(main())
