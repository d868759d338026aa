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
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "build" / "collections")]

from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import Placeholders, default_manifests  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._calico.changes import Comparison  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import parse_connections  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._calico.evaluation import Evaluation  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._plan.consequences import weighed  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._plan.course import Course  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._plan.guard import guarded  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._plan.lockout import judged  # noqa: E402
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step  # noqa: E402
from large_cluster import Object, endpoints, lifelines, policies  # noqa: E402

PODS, NAMESPACES, POLICIES = 10_000, 500, 200
NODES, REPLICAS = 100, 10
CONNECTIONS = 40_000
CHANGED = 20
EXPECTATIONS = [
    {
        "source": {"namespace": f"ns-{number}"},
        "destination": {"namespace": f"ns-{number + 1}"},
        "port": 443,
        "verdict": "allow",
    }
    for number in range(10)
]
Found = TypeVar("Found")
OUTPUT = ROOT / "build" / "benchmarks" / "verdicts.txt"


def main() -> int:
    lines = [_machine(), f"{PODS} Pods in {NAMESPACES} namespaces, the default baseline and {POLICIES} random policies"]
    chosen = policies(POLICIES, NAMESPACES, seed=1)
    ends = [*endpoints(PODS, NAMESPACES), *lifelines(NODES, REPLICAS)]
    cluster = snapshot([*ends, *default_manifests(Placeholders()), *chosen], {}, {})
    before = _megabytes()
    table, seconds = _timed(lambda: DecisionTable(cluster))
    lines.append(_line("snapshot compiled", f"{seconds:.2f} s", "under 5 s"))
    lines.append(_line("memory for it", f"{_megabytes() - before} MB", "under 500 MB"))
    lines += _verdicts(table)
    for name, after in _changes(cluster, chosen):
        count, seconds = _timed(lambda after=after: _differences(cluster, after))  # type: ignore[misc]
        lines.append(_line(f"difference, {name} ({count} changes)", f"{seconds:.2f} s", "under 15 s"))
    lines += _plans(cluster, chosen)
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


def _plans(cluster: Snapshot, chosen: list[Object]) -> list[str]:
    """20 global policies change: how long until the plan has its order, and it is known what it does to connections."""
    live = [policy for policy in chosen if policy["kind"] == "GlobalNetworkPolicy"][:CHANGED]
    drawn = [p for p in policies(POLICIES, NAMESPACES, seed=2) if p["kind"] == "GlobalNetworkPolicy"][:CHANGED]
    named = [{**new, "metadata": old["metadata"]} for new, old in zip(drawn, live, strict=True)]
    plans = {
        "20 policies created": [Step("create", p["metadata"]["name"], None, p) for p in drawn],
        "20 policies changed": [
            Step("update", p["metadata"]["name"], old, p) for p, old in zip(named, live, strict=True)
        ],
        "20 policies deleted": [Step("delete", p["metadata"]["name"], p, None) for p in live],
    }
    lines = []
    for name, steps in plans.items():
        told, seconds = _timed(lambda s=steps: _weighed(cluster, s))  # type: ignore[misc]
        lines.append(_line(f"plan weighed, {name}", f"{seconds:.1f} s", f"under 60 s ({told})"))
    return [*lines, _line("memory, all in all", f"{_megabytes()} MB", "under 1,000 MB")]


def _weighed(cluster: Snapshot, steps: list[Step]) -> str:
    """All that is judged of a plan before its first write; what came of it in short."""
    answers = {step.key: step.after for step in steps}
    plan, found = weighed(cluster, Plan(tuple(steps)), answers)
    course = Course(cluster, plan, answers, interrupts=False)
    checks = judged(course, Snapshot(), Allowance()).checks
    guard = guarded(course, parse_connections(EXPECTATIONS, "expectations", "wanted"))
    counts = Counter(check.result for check in checks)
    lockout = ", ".join(f"{count} {result}" for result, count in counts.items())
    order = "no order" if found.interruptions else "an order"
    return f"{order} without a gap; lock-out checks: {lockout}; {len(guard.judged)} expectations"


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
