# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups as they are stored, and the way back to one."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._plan.backup import (
    Backup,
    InvalidBackup,
    parsed_backup,
)
from ansible_collections.netguard.calico.plugins.module_utils._plan.policy_backup import with_plan
from ansible_collections.netguard.calico.plugins.module_utils._plan.restoring import ChangedSince, plan_restoring
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Plan, Step

Object = dict[str, Any]
EMPTY = Backup("cluster", "run", "2026-11-25T21:00:00Z")
TIER = "projectcalico.org/tier"


def item(name: str, order: int, version: str = "1", **metadata: Any) -> Object:
    whole = {"name": name, "uid": f"uid of {name}", "resourceVersion": version, **metadata}
    kind = {"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy"}
    return {**kind, "metadata": whole, "spec": {"tier": "default", "order": order, "types": ["Ingress"]}}


OLD, NEW = item("a", 1, labels={"team": "x"}), item("a", 2, labels={"team": "x", "netguard.calico/baseline": "default"})
CREATE, UPDATE, DELETE = Step("create", "a", None, NEW), Step("update", "a", OLD, NEW), Step("delete", "a", OLD, None)


def of(*steps: Step) -> Backup:
    return with_plan(EMPTY, Plan(steps), {step.key: step.after for step in steps})


def back(step: Step, live: Object | None) -> Plan:
    return plan_restoring(of(step), {} if live is None else {"a": live})


def test_it_is_read_as_it_was_stored() -> None:
    backup = of(CREATE, Step("delete", "b", item("b", 3), None))
    assert parsed_backup(backup.as_text(), "here") == backup


def test_it_tells_of_which_job_it_is_and_without_one_of_which_run() -> None:
    of_job = replace(EMPTY, job="nightly-7")
    assert parsed_backup(of_job.as_text(), "here").origin == {"job": "nightly-7", "created": EMPTY.created}
    assert parsed_backup(EMPTY.as_text(), "here").origin["job"] == "run"
    # As it was stored before there were jobs.
    older = {key: value for key, value in json.loads(EMPTY.as_text()).items() if key != "job"}
    assert parsed_backup(json.dumps(older), "here") == EMPTY


def test_who_wrote_which_field_is_not_kept() -> None:
    (entry,) = of(Step("delete", "a", item("a", 1, managedFields=[{"manager": "m"}]), None)).entries
    assert entry.before is not None and "managedFields" not in entry.before["metadata"]


def test_a_second_plan_of_a_run_keeps_what_was_there_before_the_first() -> None:
    backup = with_plan(of(UPDATE), Plan((Step("update", "a", NEW, item("a", 3)),)), {UPDATE.key: item("a", 3)})
    (entry,) = backup.entries
    assert entry.before == OLD and entry.after == item("a", 3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "not JSON"),
        ("[]", "format: None"),
        ('{"format": "other"}', "'other'"),
        ('{"format": "netguard.calico/backup/1"}', "lacks its objects"),
        ('{"format": "netguard.calico/backup/1", "cluster": 7, "run": "r", "created": "c", "objects": []}', "lacks"),
        (of(CREATE).as_text().replace('"GlobalNetworkPolicy"', '"Secret"'), r"objects\[0\] has no name, or not one"),
        (of(CREATE).as_text().replace('"spec"', '"data"'), r"objects\[0\] \(GlobalNetworkPolicy a\) has no object"),
    ],
)
def test_what_is_no_backup_is_named(text: str, named: str) -> None:
    with pytest.raises(InvalidBackup, match=f"here.*{named}"):
        parsed_backup(text, "here")


def test_what_was_created_is_deleted() -> None:
    live = item("a", 2, "8", labels={**NEW["metadata"]["labels"], TIER: "default"})
    (step,) = back(CREATE, live).steps
    assert (step.action, step.before) == ("delete", live)


def test_what_was_deleted_is_created_without_what_the_server_numbers() -> None:
    (step,) = back(DELETE, None).steps
    assert step.action == "create" and step.after is not None
    assert step.after["metadata"] == {"name": "a", "labels": {"team": "x"}}
    assert step.after["spec"] == OLD["spec"]


def test_what_was_changed_is_as_it_was_beside_what_others_have_added() -> None:
    others = {"labels": {**NEW["metadata"]["labels"], "new": "of others"}, "annotations": {"note": "kept"}}
    (step,) = back(UPDATE, item("a", 2, "8", **others)).steps
    assert step.action == "update" and step.after is not None
    assert step.after["metadata"]["labels"] == {"team": "x", "new": "of others"}
    assert step.after["metadata"]["annotations"] == {"note": "kept"}
    assert step.after["metadata"]["resourceVersion"] == "8"
    assert step.after["spec"] == OLD["spec"]
    assert {d.path for d in step.difference} == {"spec.order", "metadata.labels.netguard.calico/baseline"}


@pytest.mark.parametrize(("step", "live"), [(CREATE, None), (UPDATE, OLD), (DELETE, OLD)])
def test_what_is_as_it_was_needs_no_write(step: Step, live: Object | None) -> None:
    assert back(step, live).steps == ()


@pytest.mark.parametrize(
    ("step", "live", "told"),
    [
        (CREATE, item("a", 3, labels=NEW["metadata"]["labels"]), r"a \(spec.order is 3, not 2\)"),
        (UPDATE, item("a", 3, labels=NEW["metadata"]["labels"]), r"a \(spec.order is 3, not 2\)"),
        (UPDATE, None, "a is gone"),
        (UPDATE, item("a", 2, labels={"team": "x"}), "baseline is None, not 'default'"),
        (DELETE, item("a", 3, labels={"team": "x"}), "spec.order is 3, not 1"),
        (UPDATE, {**NEW, "metadata": {**NEW["metadata"], "deletionTimestamp": "now"}}, "a is being deleted"),
    ],
)
def test_what_somebody_has_changed_since_is_told_and_nothing_is_put_back(
    step: Step, live: Object | None, told: str
) -> None:
    with pytest.raises(ChangedSince, match=told):
        back(step, live)


def test_the_policy_that_is_looked_at_last_is_put_back_first_and_deleted_last() -> None:
    steps = [Step("delete", name, item(name, order), None) for name, order in (("a", 1), ("b", 2))]
    steps += [Step("create", name, None, item(name, order)) for name, order in (("c", 3), ("d", 4))]
    live = {name: item(name, order) for name, order in (("c", 3), ("d", 4))}
    plan = plan_restoring(of(*steps), live)
    assert [*map(str, plan.steps)] == ["create b", "create a", "delete c", "delete d"]


def random_objects(chance: random.Random) -> dict[str, Object]:
    return {
        name: item(name, chance.randrange(3), labels={chance.choice("xyz"): "1"})
        for name in "abcd"
        if chance.random() < 0.7
    }


def applied(objects: dict[str, Object], plan: Plan) -> dict[str, Object]:
    after = dict(objects)
    for step in plan.steps:
        if step.after is None:
            del after[step.name]
        else:
            after[step.name] = dict(step.after)
    return after


def content(objects: dict[str, Object]) -> dict[str, Any]:
    return {name: (i["spec"], i["metadata"].get("labels")) for name, i in objects.items()}


def test_from_every_state_on_the_way_the_way_back_leads_to_what_was_there() -> None:
    chance = random.Random(5)
    for _again in range(300):
        before, after = random_objects(chance), random_objects(chance)
        steps = []
        for name in sorted({*before, *after}):
            ends = before.get(name), after.get(name)
            if ends[0] != ends[1]:
                action = "create" if ends[0] is None else "delete" if ends[1] is None else "update"
                steps.append(Step(action, name, *ends))  # type: ignore[arg-type]
        for done in range(len(steps) + 1):
            state = applied(before, Plan(tuple(steps[:done])))
            assert content(applied(state, plan_restoring(of(*steps), state))) == content(before)
