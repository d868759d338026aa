# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane for each way of serving Calico's API, and Ansible pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

import accounts
from aggregated.release import NEWEST, RELEASES
from aggregated.stored_crds import stored_definitions
from ansible_run import Ansible
from cluster_content import Content
from contract import STEP, Contract
from control_plane import Backend, ControlPlane, put_front_before, start, stop
from matrix import Matrix
from missing_rights import Trial
from requests_seen import Requests

ROOT = Path(__file__).resolve().parents[2]
CALICO_CRDS = ROOT.parent / "shared" / "crds" / "v3"


_MATRIX = Matrix()
# How the clusters of these tests serve Calico's API; what has nothing to do with Calico's API is tested on the first.
OWN, CALICOS, AGGREGATED = "own CRDs", "Calico's CRDs", "aggregated"
EACH_BACKEND = [OWN, AGGREGATED]
# Only the CRDs in which Calico's API server stores, and no such server: nothing is written there.
V1_ONLY = "v1 CRDs only"
# Calico's API server as it was in these releases.
OLDER = {f"aggregated, {release}": release for release in RELEASES if release != NEWEST}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which control planes these tests run on."""
    parser.addoption(
        "--backend", choices=get_args(Backend), help="only on clusters that serve Calico's API in this way"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the tests on clusters that were not asked for; those that make a cluster of their own stay."""
    backend = config.getoption("--backend")
    if backend is None:
        return
    others = {OWN, CALICOS} if backend == "aggregated" else {AGGREGATED, *OLDER}
    left_out = [item for item in items if _plane_of(item) in others]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _plane_of(item: pytest.Item) -> str:
    """The name of the control plane that a test is run on, empty where it makes its own."""
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("plane", "")) if callspec else ""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Says of each failure at once that it came, since a run that is cut off has no summary."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        config.pluginmanager.register(_Failures(terminal))


class _Failures:
    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._terminal.write_line(
                f"\nfailed just now: {report.nodeid} ({report.when})\n{report.longreprtext[-1500:]}"
            )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collects the matrix from the reports, since the tests may have run in several processes."""
    for name, row in report.user_properties if report.when == "call" else ():
        if name == "matrix" and isinstance(row, list):
            _MATRIX.add(*row)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the matrix of the twelve steps."""
    for line in _MATRIX.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", params=[OWN, pytest.param(CALICOS, marks=pytest.mark.calicos_crds), AGGREGATED])
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    if request.param == CALICOS and not CALICO_CRDS.is_dir():
        pytest.skip("Calico's own CRDs are not beside this checkout")
    folder = tmp_path_factory.mktemp("cluster")
    crds = {CALICOS: lambda: [CALICO_CRDS], V1_ONLY: lambda: [_v1_crds(folder)]}.get(request.param, lambda: None)()
    backend: Backend = "aggregated" if request.param.startswith(AGGREGATED) else "native"
    started = start(folder / "plane", crds, backend, OLDER.get(request.param))
    yield started
    stop(started.directory)


def _v1_crds(folder: Path) -> Path:
    """A file with the CRDs in which Calico's API server stores."""
    file = folder / "v1.yaml"
    file.write_text(yaml.safe_dump_all(stored_definitions(RELEASES[NEWEST])), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def fronted(plane: ControlPlane) -> ControlPlane:
    """The control plane behind a front that breaks connections, or is slow, when it is told to."""
    return put_front_before(plane)


@pytest.fixture
def backend(plane: ControlPlane) -> Backend:
    """How Calico's API is served."""
    return "aggregated" if (plane.directory / "calico-api").exists() else "native"


@pytest.fixture
def native_only(backend: Backend) -> None:
    """For what plain CRDs let happen, and Calico's API server does not."""
    if backend != "native":
        pytest.skip("with Calico's API server this does not come about, or not in this way")


@pytest.fixture
def content(plane: ControlPlane) -> Iterator[Content]:
    """The cluster's content, which is taken away again after the test."""
    content = Content(plane.admin_api())
    yield content
    content.remove()


@pytest.fixture
def collections() -> Path:
    """The folder where Ansible finds this checkout as a collection; `make setup` makes it."""
    return ROOT / "build" / "collections"


@pytest.fixture
def ansible(request: pytest.FixtureRequest, plane: ControlPlane, collections: Path, tmp_path: Path) -> Ansible:
    """Ansible, each module as the account of docs/rbac that it needs; what it writes is taken away after the test."""
    if _plane_of(request.node) != V1_ONLY:
        request.getfixturevalue("content")
    return Ansible(tmp_path, {}, collections, accounts=accounts.of_modules(plane, tmp_path))


@pytest.fixture
def administrator(plane: ControlPlane, ansible: Ansible) -> Ansible:
    """Ansible, as somebody who may do everything."""
    return replace(ansible, options={"kubeconfig": str(plane.kubeconfig)})


@pytest.fixture
def contract(
    ansible: Ansible, requests: Callable[[], Requests], request: pytest.FixtureRequest
) -> Callable[..., Contract]:
    """Makes a contract of a module, whose steps go into the matrix."""

    def of(module: str, said: Callable[[dict[str, Any]], Any], state: Callable[[], Any]) -> Contract:
        def sent(module: str, asked: int, written: int) -> None:
            row = [_plane_of(request.node), module, asked, written]
            request.node.user_properties.append(("matrix", row))

        # The first step on one of the planes shows what ansible-playbook hands through; the others would say the same of that.
        by_playbook = STEP if _plane_of(request.node) == OWN else 0
        runs = chain(repeat(ansible.task, by_playbook), repeat(ansible.module))
        return Contract(runs, requests, sent, module, said, state)

    return of


@pytest.fixture
def trial(ansible: Ansible, plane: ControlPlane, tmp_path: Path) -> Trial:
    """Runs tasks as accounts that each lack one right."""
    return Trial(ansible, plane, tmp_path)


@pytest.fixture
def requests(plane: ControlPlane) -> Callable[[], Requests]:
    """Opens a block whose requests are counted."""
    calico_log = plane.directory / "calico-api" / "requests.log"
    return lambda: Requests(plane.audit_log, calico_log if calico_log.exists() else None)


def policy(name: str, **spec: Any) -> dict[str, Any]:
    """A GlobalNetworkPolicy's manifest."""
    metadata = {"name": name}
    return {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}
