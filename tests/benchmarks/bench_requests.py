# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module asks of the API server where 1,000 Services exist and nothing is to be changed, and how long it takes.

Prints a table: requests in all, those that are pages of lists, those beyond them, and reads of Pods, as the server's audit
log has them; and the time as a multiple of a task that does nothing, on the same machine in the same run.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("cluster", "integration")]

from ansible_run import Ansible  # noqa: E402
from control_plane import Api, ControlPlane, start, stop  # noqa: E402
from requests_seen import Requests  # noqa: E402

SERVICES = 1000
POLICY = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "GlobalNetworkPolicy",
    "metadata": {"name": "one"},
    "spec": {"order": 1, "types": ["Ingress"]},
}
CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("policy_baseline", {}),
    ("global_network_policy", {"definition": POLICY}),
    ("service_external_traffic_policy", {"namespaces": ["*"]}),
    ("baseline_info", {"namespaces": ["*"]}),
)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="netguard-bench-") as directory:
        plane = start(Path(directory, "plane"))
        try:
            _fill(plane.admin_api())
            _measure(plane, Path(directory))
        finally:
            stop(plane.directory)
    return 0


def _fill(api: Api) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "many"}}
    api.request("POST", "/api/v1/namespaces", namespace)

    def create(number: int) -> None:
        spec = {"type": "NodePort", "externalTrafficPolicy": "Local", "ports": [{"port": 80}]}
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"s{number}"}, "spec": spec}
        api.request("POST", "/api/v1/namespaces/many/services", body)

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(create, range(SERVICES)))


def _measure(plane: ControlPlane, directory: Path) -> None:
    ansible = Ansible(directory, {"kubeconfig": str(plane.kubeconfig)}, ROOT / "build" / "collections")
    for module, options in CASES:
        require(ansible, module, options)
    nothing = _seconds(lambda: ansible.play([{"hosts": "localhost", "gather_facts": False, "tasks": [{"ping": {}}]}]))
    print(f"{SERVICES} Services, nothing to change; one task of ping takes {nothing:.2f} s")
    print(f"{'module':34}{'requests':>10}{'pages':>8}{'beyond':>8}{'Pods':>6}{'writes':>8}{'x ping':>8}")
    for module, options in CASES:
        with Requests(plane.audit_log) as seen:
            taken = _seconds(lambda module=module, options=options: require(ansible, module, options))
        pages = [request for request in seen.all if re.match(r"list .*[?&]limit=", request)]
        pods = [request for request in seen.all if re.search(r"/pods(\?|/|$)", request)]
        beyond = len(seen.all) - len(pages)
        row = f"{len(seen.all):>10}{len(pages):>8}{beyond:>8}{len(pods):>6}{len(seen.writes):>8}{taken / nothing:>8.2f}"
        print(f"{module:34}{row}")


def require(ansible: Ansible, module: str, options: dict[str, Any]) -> None:
    """Runs the module; figures of a run that failed would mean nothing."""
    answer = ansible.module(module, **options)
    if answer.failed:
        raise SystemExit(f"{module} failed: {answer.output}")


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
