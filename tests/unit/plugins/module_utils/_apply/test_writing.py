# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a write was done whose answer was lost, by what is live then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._apply import lost_answer
from ansible_collections.netguard.calico.plugins.module_utils._apply.lost_answer import OutcomeUnknown
from ansible_collections.netguard.calico.plugins.module_utils._apply.services import changed
from ansible_collections.netguard.calico.plugins.module_utils._apply.writing import written
from ansible_collections.netguard.calico.plugins.module_utils._calico.errors import NetguardError
from ansible_collections.netguard.calico.plugins.module_utils._cluster.errors import AnswerLost, Unreachable
from ansible_collections.netguard.calico.plugins.module_utils._cluster.resources import Resource
from ansible_collections.netguard.calico.plugins.module_utils._plan.steps import Step
from ansible_collections.netguard.calico.plugins.module_utils._service.decided import decided
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import Present

Object = dict[str, Any]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_answer, "PAUSES", (0.0, 0.0))


@dataclass
class Cluster:
    """A gateway whose writes lose their answers, and which then reads these, one after the other, the last for ever."""

    reads: list[Object | NetguardError | None] = field(default_factory=list)

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        found = self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]
        if isinstance(found, NetguardError):
            raise found
        return found

    def _lose(self, *_args: object) -> None:
        raise AnswerLost(Unreachable("no answer"))

    create = replace = delete = merge_patch = _lose


def item(order: int, version: str = "1", uid: str = "u", **metadata: Any) -> Object:
    return {"metadata": {"name": "a", "uid": uid, "resourceVersion": version, **metadata}, "spec": {"order": order}}


NEW = {"metadata": {"name": "a", "labels": {"l": "v"}}, "spec": {"order": 2}}
CREATE = Step("create", "a", None, NEW)
UPDATE = Step("update", "a", item(1), {**item(2), "spec": {"order": 2}})
DELETE = Step("delete", "a", item(1), None)
LABELLED = {"labels": {"l": "v", "projectcalico.org/tier": "default"}}


@pytest.mark.parametrize(
    ("step", "live"),
    [
        (CREATE, item(2, **LABELLED)),
        (UPDATE, item(2, "2")),
        (UPDATE, item(2, "2", labels={"of": "others"})),
        (DELETE, None),
        (DELETE, item(1, "9", uid="another")),
        (DELETE, item(1, "2", deletionTimestamp="2026-01-01T00:00:00Z")),
    ],
)
def test_what_is_live_as_it_was_to_be_was_done(step: Step, live: Object | None) -> None:
    assert written(Cluster([live]), step, None) == (None if step.action == "delete" else live)


def test_what_the_server_makes_of_a_write_was_done_too() -> None:
    stored = {**item(2, "2"), "spec": {"order": 2, "applyOnForward": True}}
    assert written(Cluster([stored]), UPDATE, stored) == stored


@pytest.mark.parametrize(("step", "live"), [(CREATE, None), (UPDATE, item(1)), (DELETE, item(1))])
def test_what_was_not_touched_was_not_done(step: Step, live: Object | None) -> None:
    with pytest.raises(AnswerLost) as error:
        written(Cluster([live]), step, None)
    assert (error.value.code, error.value.changed) == ("unreachable", False)


@pytest.mark.parametrize(("step", "live"), [(CREATE, item(2, **LABELLED)), (UPDATE, item(2, "2")), (DELETE, None)])
def test_a_write_that_was_still_under_way_is_waited_for(step: Step, live: Object | None) -> None:
    written(Cluster([step.before, step.before, live]), step, None)


@pytest.mark.parametrize(
    ("step", "live"),
    [
        (CREATE, item(7, **LABELLED)),
        (CREATE, item(2)),
        (UPDATE, item(7, "2")),
        (UPDATE, None),
        (DELETE, item(1, "2")),
        (DELETE, item(1, "2", labels={"of": "others"})),
    ],
)
def test_what_somebody_else_has_changed_since_does_not_tell(step: Step, live: Object | None) -> None:
    with pytest.raises(OutcomeUnknown, match="changed by somebody else"):
        written(Cluster([live]), step, None)


def test_what_cannot_be_read_does_not_tell() -> None:
    with pytest.raises(OutcomeUnknown, match="Reading it again failed too") as error:
        written(Cluster([Unreachable("gone")]), UPDATE, None)
    assert error.value.changed


def service(policy: str, version: str = "1", uid: str = "u", **annotations: str) -> Object:
    metadata = {"namespace": "shop", "name": "web", "uid": uid, "resourceVersion": version, "annotations": annotations}
    return {"metadata": metadata, "spec": {"type": "NodePort", "externalTrafficPolicy": policy}}


RECORD = {"netguard.calico/original": '{"externalTrafficPolicy": "Cluster"}'}


@pytest.mark.parametrize(
    ("live", "status", "code"),
    [
        (service("Local", "2", **RECORD), "changed", None),
        (service("Cluster"), "failed", "unreachable"),
        (service("Local", "2"), "failed", "outcome_unknown"),
        (service("Cluster", "2", **RECORD), "failed", "outcome_unknown"),
        (service("Local", "2", uid="another"), "unchanged", None),
        (None, "gone", None),
        (Unreachable("gone"), "failed", "outcome_unknown"),
    ],
)
def test_a_service_is_judged_by_what_the_patch_was_to_do(
    live: Object | NetguardError | None, status: str, code: str | None
) -> None:
    (outcome,) = changed(Cluster([live]), decided(Present(), [service("Cluster")]), Present())
    assert (outcome.status, outcome.code) == (status, code)


def test_the_rest_is_not_attempted_where_nobody_answers() -> None:
    some_need_nothing = [service("Cluster"), service("Local")] * 50
    outcomes = changed(Cluster([Unreachable("gone")]), decided(Present(), some_need_nothing), Present())
    statuses = [outcome.status for outcome in outcomes]
    assert statuses.count("failed") < 20
    assert statuses.count("failed") + statuses.count("not_attempted") == 50
    assert statuses.count("unchanged") == 50
