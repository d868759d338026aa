# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make demo`: a real API server, a small cluster, and the playbooks as one would run them, from nothing to mended.

``make demo BACKEND=aggregated`` serves Calico's API by the stand-in for Calico's own API server instead of plain CRDs.

Exits with 1, and says so, where a step does not do what it should.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cluster"))

from content import MERGE, fill  # noqa: E402
from control_plane import Api, Backend, BuildError, InstallError, StartError, start, stop  # noqa: E402

POLICIES = "/apis/projectcalico.org/v3/globalnetworkpolicies"
SERVICES = {"namespaces": ["shop-*", "vault"]}
# Whoever is sure that a moment with the default and without the egress deny is no harm.
ALLOWED = ("--extra-vars", '{"baseline_allow_interruption": true}')


class DemoError(Exception):
    """A step did not do what it should."""


@dataclass(frozen=True)
class Playbooks:
    """The collection's playbooks on one inventory."""

    inventory: Path
    reports: Path

    def run(self, name: str, *flags: str) -> subprocess.CompletedProcess[str]:
        """Runs the playbook of that name; its output is kept."""
        program = str(Path(sys.executable).parent / "ansible-playbook")
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("K8S_AUTH_", "KUBECONFIG"))},
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "False",
        }
        command = [program, "-i", str(self.inventory), f"netguard.calico.{name}", *flags]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def report(self) -> dict[str, Any]:
        """What the last run that read the cluster found."""
        found: dict[str, Any] = json.loads((self.reports / "demo.json").read_text(encoding="utf-8"))
        return found


def main(backend: Backend) -> int:
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="netguard-demo-") as directory:
            _on_a_control_plane(Path(directory), backend)
    except (DemoError, BuildError, InstallError, StartError, TimeoutError) as error:
        print(f"\nThe demo FAILED: {error}", file=sys.stderr)
        return 1
    print(f"\nEverything was as it should be, and is stopped and gone again. {time.monotonic() - began:.0f} s")
    return 0


def _on_a_control_plane(directory: Path, backend: Backend) -> None:
    say(
        "Starting etcd, kube-apiserver and kube-controller-manager (they are built the first time, which takes minutes)"
    )
    plane = start(directory / "plane", backend=backend)
    try:
        say(f"Filling {plane.server}, Calico's API being {backend}, with Nodes, Pods, Services and policies of others")
        api = plane.admin_api()
        fill(api)
        playbooks = _inventory(directory, plane.kubeconfig)
        _show(playbooks, api)
    finally:
        stop(plane.directory)


def _inventory(directory: Path, kubeconfig: Path) -> Playbooks:
    variables = {
        "baseline_connection": {"kubeconfig": str(kubeconfig)},
        "baseline_services": SERVICES,
        "baseline_report_dir": str(directory / "reports"),
    }
    inventory = directory / "inventory.json"
    inventory.write_text(json.dumps({"all": {"vars": variables, "hosts": {"demo": None}}}), encoding="utf-8")
    return Playbooks(inventory, directory / "reports")


def _show(playbooks: Playbooks, api: Api) -> None:
    say("audit: where does the cluster stand?")
    require(playbooks.run("audit"), fails=True, says="is missing")
    summary(playbooks)

    say("bootstrap --check: is there anything against it? Here policy security-scanner isolates every Pod already")
    refused = playbooks.run("bootstrap", "--check")
    require(refused, fails=True, says='"code": "interrupts_connections"')
    print(f"    {_message(refused)}")

    say("bootstrap --check --diff, the moment of it allowed: what would be written?")
    planned = playbooks.run("bootstrap", "--check", "--diff", *ALLOWED)
    require(planned, fails=False, says="create global-default")
    for step in re.findall(r'"((?:create|update|delete) \S+)"', planned.stdout):
        print(f"    would {step}")
    if "global-default" in policies(api):
        raise DemoError("check mode has written")

    say("bootstrap: write it")
    require(playbooks.run("bootstrap", *ALLOWED), fails=False, says="compliant")
    summary(playbooks)

    say("bootstrap again: a second run changes nothing")
    require(playbooks.run("bootstrap"), fails=False, says="changed=0")
    print("    changed=0")

    say("Breaking something as people do: a field added, a policy deleted, a Service set back")
    break_it(api)
    drifted = playbooks.run("audit")
    for finding in (
        "global-default differs in spec.selector",
        "global-egress-deny is missing",
        "shop-eu/web: it is Cluster",
    ):
        require(drifted, fails=True, says=finding)
    summary(playbooks)

    say("correct: mend it")
    require(playbooks.run("correct"), fails=False, says="compliant")
    require(playbooks.run("audit"), fails=False, says="compliant")
    summary(playbooks)


def _message(run: subprocess.CompletedProcess[str]) -> str:
    """Why a task failed, as its module says it."""
    found = re.search(r'"msg": ("(?:[^"\\]|\\.)*")', run.stdout)
    return json.loads(found[1]) if found else run.stdout


def break_it(api: Api) -> None:
    """What the audit is to find."""
    api.request("PATCH", f"{POLICIES}/global-default", {"spec": {"selector": "app == 'web'"}}, MERGE)
    api.request("DELETE", f"{POLICIES}/global-egress-deny")
    service = "/api/v1/namespaces/shop-eu/services/web"
    api.request("PATCH", service, {"spec": {"externalTrafficPolicy": "Cluster"}}, MERGE)


def policies(api: Api) -> set[str]:
    """Names of the cluster's policies."""
    return {item["metadata"]["name"] for item in api.request("GET", POLICIES)["items"]}


def require(run: subprocess.CompletedProcess[str], fails: bool, says: str) -> None:
    """Raises DemoError where a playbook ended otherwise, or does not say what it should."""
    if (run.returncode != 0) != fails or says not in run.stdout:
        expected = f"{'fail' if fails else 'succeed'} and say {says!r}"
        raise DemoError(f"{' '.join(run.args[3:])} should {expected}:\n{run.stdout}\n{run.stderr}")


def summary(playbooks: Playbooks) -> None:
    """Prints what the last audit found."""
    for line in playbooks.report()["summary"]:
        print(f"    {line}")


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backend", choices=get_args(Backend), nargs="?", default="native")
    sys.exit(main(parser.parse_args().backend))
