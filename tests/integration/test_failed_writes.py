# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever goes wrong with whichever write: what was there before, what was wanted, or a state on the way is what is there.

These are the modules' own functions in one process, and in processes that are killed, on real servers behind a front that
breaks what it is told to.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply import lost_answer
from ansible_collections.netguard.calico.plugins.module_utils._apply.backup_config_map import BackupConfigMap
from ansible_collections.netguard.calico.plugins.module_utils._apply.backup_file import BackupFile
from ansible_collections.netguard.calico.plugins.module_utils._apply.backup_place import BackupPlace
from ansible_collections.netguard.calico.plugins.module_utils._apply.policies import (
    Change,
    all_and_named_policies,
    planned,
)
from ansible_collections.netguard.calico.plugins.module_utils._apply.transaction import carried_out, restoring
from ansible_collections.netguard.calico.plugins.module_utils._apply.undo import OnFailure, Undo
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import labelled
from ansible_collections.netguard.calico.plugins.module_utils._calico.canonical import canonical_spec
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies
from ansible_collections.netguard.calico.plugins.module_utils._cluster import http
from ansible_collections.netguard.calico.plugins.module_utils._cluster.gateway import Gateway
from ansible_collections.netguard.calico.plugins.module_utils._plan.allowance import Allowance
from ansible_collections.netguard.calico.plugins.module_utils._plan.backup import Backup, parsed_backup
from ansible_collections.netguard.calico.plugins.module_utils._plan.pruning import Pruning
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Step, plan_present

from aggregated.faults import ANSWER, BREAK_AFTER, BREAK_BEFORE, BREAK_DURING, DELAY, HANG, Fault, order, ordered
from aggregated.faults import cancel as cancel_faults
from cluster_content import Content
from conftest import EACH_BACKEND, policy
from control_plane import ControlPlane
from in_process import connected

pytestmark = [pytest.mark.parametrize("plane", EACH_BACKEND, indirect=True, scope="session"), pytest.mark.any_versions]

WRITES = 4
BASELINE = {"netguard.calico/baseline": "edge"}
# The wall would cut the shop, and opening first would open it, were they written in another order.
CLOSING = {"order": 900, "types": ["Egress"], "egress": [{"action": "Allow"}]}
WALL = {
    "order": 500,
    "selector": "app == 'web'",
    "types": ["Egress"],
    "egress": [{"action": "Deny", "destination": {"selector": "app == 'vault'"}}],
}
INGRESS = {"types": ["Ingress"], "ingress": [{"action": "Allow"}]}
BEFORE: Mapping[str, Mapping[str, Any]] = {
    "closing": CLOSING,
    "wall": WALL,
    "changed": {"order": 10, **INGRESS},
    "again": {"order": 20, "selector": "app == 'db'", **INGRESS},
}
WANTED = {
    "closing": CLOSING,
    "stronger-wall": {**WALL, "order": 400},
    "changed": {"order": 11, **INGRESS},
    "again": {"order": 21, "selector": "app == 'db'", **INGRESS},
}
State = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """One change and where its backup goes."""

    gateway: Gateway
    change: Change
    place: BackupPlace

    def run(self) -> NetguardError | None:
        """Carries the change out, and hands back what it fails with."""
        try:
            carried_out(self.gateway, self.change)
        except NetguardError as error:
            return error
        return None

    def put_back(self) -> None:
        """What state restored does."""
        backup = parsed_backup(self.place.read(), str(self.place))
        carried_out(self.gateway, restoring(self.gateway, backup, self.change.backend, Allowance()))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs is given up after 65 seconds, and a lost write looked for during some; here sooner."""
    monkeypatch.setattr(http, "READ_SECONDS", 2)
    monkeypatch.setattr(lost_answer, "PAUSES", (0.1, 0.2))


@pytest.fixture(scope="module")
def pods(plane: ControlPlane) -> Iterator[Content]:
    """A cluster with Pods, which the tests here share, since a namespace takes seconds to go."""
    content = Content(plane.admin_api())
    content.namespace("shop")
    for number, app in enumerate(("web", "db", "vault"), 1):
        content.pod("shop", app, f"10.244.1.{number}", app=app)
    yield content
    content.remove()


@pytest.fixture
def shop(pods: Content, content: Content) -> Content:
    """The same with policies of ours and of somebody else, which are taken away after the test."""
    content.policy("of-somebody-else", order=1, selector="app == 'nothing'", types=["Ingress"])
    for name, spec in BEFORE.items():
        content.policy(name, dict(BASELINE), **spec)
    return content


def state_of(policies: Mapping[str, Any]) -> State:
    """What is compared of policies: specs in normal form, and the labels that are ours."""
    return {
        name: (canonical_spec(item["spec"]), (item["metadata"].get("labels") or {}).get("netguard.calico/baseline"))
        for name, item in policies.items()
        if name != "of-somebody-else"
    }


def specs(wanted: Mapping[str, Mapping[str, Any]]) -> State:
    parsed = parse_policies([SourcedManifest(name, policy(name, **spec)) for name, spec in wanted.items()])
    return {p.name: (canonical_spec(p.spec), "edge") for p in parsed}


@pytest.fixture
def trial(fronted: ControlPlane, shop: Content, tmp_path: Path) -> Callable[..., Trial]:
    """Makes a trial, whose backup goes into a file unless it is to go into a ConfigMap."""
    gateway, cluster = connected(fronted.kubeconfig)
    parsed = parse_policies([SourcedManifest(name, policy(name, **spec)) for name, spec in WANTED.items()])
    policies = [labelled(p, "edge") for p in parsed]
    pruning = Pruning("delete", "edge", frozenset(WANTED), 9)

    def make(on_failure: OnFailure = "stop", where: str = "file", run: str = "run") -> Trial:
        place: BackupPlace = BackupFile(tmp_path / "backup.json")
        if where == "configmap":
            place = BackupConfigMap(gateway, "shop", "backup")
        change = Change(
            partial(all_and_named_policies, gateway, list(WANTED)),
            lambda live: pruning.added_to(plan_present(policies, live), live),
            cluster.backend,
            Allowance(),
            Undo(Backup(cluster.uid, run, "2026-11-25T21:00:00Z"), place, on_failure),
            policies=policies,
            present=policies,
        )
        return Trial(gateway, change, place)

    return make


def steps_and_states(trial: Trial) -> tuple[list[Step], list[State]]:
    """The plan, and every state from before its first write to after its last one."""
    steps = list(planned(trial.gateway, trial.change).plan.steps)
    assert len(steps) == WRITES
    wanted, states = specs(WANTED), [specs(BEFORE)]
    for step in steps:
        state = dict(states[-1])
        if step.action == "delete":
            del state[step.name]
        else:
            state[step.name] = wanted[step.name]
        states.append(state)
    assert states[-1] == wanted
    return steps, states


def at(step: Step, action: str, **more: Any) -> Fault:
    """The fault, for this write and no other."""
    method = {"create": "POST", "update": "PUT", "delete": "DELETE"}[step.action]
    path = "globalnetworkpolicies?" if step.action == "create" else f"globalnetworkpolicies/{step.name}"
    return Fault(action, method=method, path=path, without="dryRun", **more)


GoneWrong = Mapping[str, tuple[str, Mapping[str, Any]]]
DONE: GoneWrong = {"during": (BREAK_DURING, {}), "after": (BREAK_AFTER, {})}
REPEATED: GoneWrong = {"409": (ANSWER, {"status": 409}), "429": (ANSWER, {"status": 429, "retry_after": 0})}
NOT_DONE: GoneWrong = {
    "before": (BREAK_BEFORE, {}),
    "hangs": (HANG, {"seconds": 3.0}),
    "500": (ANSWER, {"status": 500}),
    "503": (ANSWER, {"status": 503}),
}


@pytest.fixture
def faults(plane: ControlPlane) -> Iterator[Path]:
    """Where faults are ordered."""
    directory = plane.directory / "front"
    yield directory
    cancel_faults(directory)


@pytest.mark.parametrize("number", range(WRITES))
@pytest.mark.parametrize("fault", [*DONE, *REPEATED])
def test_what_was_done_or_is_asked_for_again_ends_as_wanted(
    trial: Callable[..., Trial], shop: Content, faults: Path, fault: str, number: int
) -> None:
    one = trial()
    others = shop.policies()["of-somebody-else"]
    steps, states = steps_and_states(one)
    action, more = {**DONE, **REPEATED}[fault]
    with ordered(faults, at(steps[number], action, **more)):
        assert one.run() is None
    assert state_of(shop.policies()) == states[-1]
    one.put_back()
    assert state_of(shop.policies()) == states[0]
    assert shop.policies()["of-somebody-else"] == others


@pytest.mark.parametrize("on_failure", get_args(OnFailure))
@pytest.mark.parametrize("number", range(WRITES))
@pytest.mark.parametrize("fault", NOT_DONE)
def test_a_write_that_fails_leaves_a_state_on_the_way_or_what_was_there(
    trial: Callable[..., Trial], shop: Content, faults: Path, fault: str, number: int, on_failure: OnFailure
) -> None:
    one = trial(on_failure, "configmap" if number % 2 else "file")
    others = shop.policies()["of-somebody-else"]
    steps, states = steps_and_states(one)
    action, more = NOT_DONE[fault]
    with ordered(faults, at(steps[number], action, **more)):
        error = one.run()
    assert error is not None
    put_back = on_failure == "restore" and number > 0
    assert (error.code == "put_back", error.changed) == (put_back, number > 0)
    assert state_of(shop.policies()) == states[0 if put_back else number]
    assert error.details.get("done", []) == [*map(str, steps[:number])]
    # The backup has what is needed to go back, from here and after the next run.
    one.put_back()
    assert state_of(shop.policies()) == states[0]
    assert trial(run="next").run() is None
    assert state_of(shop.policies()) == states[-1]
    assert shop.policies()["of-somebody-else"] == others


@pytest.mark.parametrize("number", range(WRITES))
@pytest.mark.parametrize("done", [False, True], ids=["before it is done", "after it is done"])
def test_a_module_that_is_killed_leaves_a_state_on_the_way(
    trial: Callable[..., Trial], shop: Content, faults: Path, number: int, done: bool
) -> None:
    one = trial("restore")
    steps, states = steps_and_states(one)
    # A delayed request is carried out although nobody waits for its answer any more.
    order(faults, at(steps[number], *((DELAY,) if done else (HANG,)), seconds=1.0 if done else 30.0))
    child = os.fork()
    if child == 0:
        one.run()
        os._exit(0)
    until(lambda: not any((faults / "faults").glob("*.json")), "the write did not come")
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    reached = states[number + done]
    until(lambda: state_of(shop.policies()) == reached, "the state on the way was not reached")
    one.put_back()
    assert state_of(shop.policies()) == states[0]
    assert trial(run="next").run() is None
    assert state_of(shop.policies()) == states[-1]


def test_the_next_run_goes_on_and_backups_lead_back_one_after_the_other(
    trial: Callable[..., Trial], shop: Content, faults: Path, tmp_path: Path
) -> None:
    first, second = trial(run="first"), trial(run="second")
    steps, states = steps_and_states(first)
    with ordered(faults, at(steps[2], ANSWER, status=503)):
        assert first.run() is not None
    assert second.run() is None
    assert state_of(shop.policies()) == states[-1]
    second.put_back()
    assert state_of(shop.policies()) == states[2]
    (earlier,) = [file for file in tmp_path.iterdir() if file.name.endswith("~")]
    replace(first, place=BackupFile(earlier)).put_back()
    assert state_of(shop.policies()) == states[0]


def test_what_somebody_writes_meanwhile_leads_to_a_new_plan(
    trial: Callable[..., Trial], shop: Content, faults: Path
) -> None:
    one = trial()
    steps, states = steps_and_states(one)
    _number, step = last_update(steps)
    with meanwhile(one, faults, at(step, DELAY, seconds=1.5)) as ended:
        shop.patch_policy(step.name, order=77)
    assert ended() is None
    assert state_of(shop.policies()) == states[-1]
    one.put_back()
    # What was written after the new plan is put back to what somebody had made of it.
    assert state_of(shop.policies())[step.name] != states[0][step.name]


def test_where_putting_back_would_undo_what_somebody_wrote_it_says_so_and_stops(
    trial: Callable[..., Trial], shop: Content, faults: Path
) -> None:
    one = trial("restore")
    steps, states = steps_and_states(one)
    number, step = last_update(steps)
    written = next(s for s in steps[:number] if s.action != "delete")
    with meanwhile(one, faults, at(step, HANG, seconds=3.0)) as ended:
        shop.patch_policy(written.name, order=77)
    error = ended()
    assert error is not None and error.code == "partly_written"
    assert "Putting back what was there before failed too: Changed since the backup of" in error.message
    assert f"{written.name} (spec.order is 77, not" in error.message
    assert str(one.place) in error.message
    left = state_of(shop.policies())
    assert {**left, written.name: None} == {**states[number], written.name: None}


def test_a_backup_that_cannot_be_stored_keeps_everything_from_being_written(
    trial: Callable[..., Trial], shop: Content, faults: Path, tmp_path: Path
) -> None:
    one = trial("restore")
    place = BackupConfigMap(one.gateway, "shop", "fresh")
    one = replace(one, change=replace(one.change, undo=replace(one.change.undo, place=place)))
    with ordered(faults, Fault(ANSWER, method="POST", path="/configmaps", without="dryRun", status=503)):
        error = one.run()
    assert error is not None and not error.changed and error.code == "unavailable"
    absent = replace(one.change, undo=replace(one.change.undo, place=BackupFile(tmp_path / "absent" / "backup.json")))
    error = replace(one, change=absent).run()
    assert error is not None and not error.changed and error.code == "backup_not_stored"
    assert state_of(shop.policies()) == specs(BEFORE)


def last_update(steps: list[Step]) -> tuple[int, Step]:
    return [(number, step) for number, step in enumerate(steps) if step.action == "update" and number > 0][-1]


@contextmanager
def meanwhile(one: Trial, faults: Path, fault: Fault) -> Iterator[Callable[[], NetguardError | None]]:
    """The block happens while the request of the fault waits; hands back how the run ends."""
    order(faults, fault)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(one.run)
        until(lambda: not any((faults / "faults").glob("*.json")), "the write did not come")
        yield ending.result


def until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
