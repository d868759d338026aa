# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small clusters with policies, and what Calico does with connections in them: a folder each, whose name says the fact.

``cluster.yaml`` and ``policies.yaml`` are Lists of objects. ``connections.yaml`` says where the fact is from (``source``), asks
about ``connections``, each with what is to be expected, and with ``changed`` what is to be expected after a ``change``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netguard.calico.plugins.module_utils._calico.answers import Answered, answer
from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import Connection, parse_connections
from ansible_collections.netguard.calico.plugins.module_utils._calico.snapshot import Snapshot, snapshot
from ansible_collections.netguard.calico.plugins.module_utils._calico.table import DecisionTable
from ansible_collections.netguard.calico.plugins.module_utils._report.policy_findings import policy_findings

HERE = Path(__file__).resolve().parent
SENTENCE = re.compile(r"[a-z0-9]+(-[a-z0-9]+){2,}")
FILES = {"cluster.yaml", "policies.yaml", "connections.yaml"}
REQUIRED = {"cluster.yaml", "connections.yaml"}
FIELDS = {"source", "staged", "unread", "unread_tiers", "connections", "findings", "change"}
# What a connection has here besides what users write.
EXPECTATIONS = ("expect", "changed")
EXPECTED = {"verdict", "decided_by", "reasons_mention"}
VERDICTS = ("allow", "deny", "unknown")

Mapped = Mapping[str, Any]


def folders(root: Path) -> list[Path]:
    """Everything in the folder but what Python writes there and this file; so no scenario is overlooked."""
    return sorted(path for path in root.iterdir() if path.name not in ("__pycache__", Path(__file__).name))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def misshapen(folder: Path) -> Iterator[str]:
    """What is wrong with the form of a scenario, so that it could not fail or would not be read as it was meant."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    yield from (f"{name} is missing" for name in sorted(REQUIRED - names))
    yield from (f"{name} is no file of a scenario" for name in sorted(names - FILES))
    if not SENTENCE.fullmatch(folder.name):
        yield f"{folder.name} is no sentence in kebab case"
    if names >= REQUIRED:
        yield from _misshapen_fields(read(folder / "connections.yaml"))


def _misshapen_fields(scenario: Mapped) -> Iterator[str]:
    yield from (f"{field} is no field of a scenario" for field in sorted(set(scenario) - FIELDS))
    if not str(scenario.get("source") or "").strip():
        yield "source is missing"
    if scenario.get("staged", "ignore") not in ("ignore", "enforce"):
        yield f"staged is {scenario['staged']}"
    connections = scenario.get("connections") or []
    if not connections:
        yield "there are no connections"
    for index, connection in enumerate(connections):
        yield from (f"connections[{index}].{fault}" for fault in _misshapen_expectations(connection))
    if ("change" in scenario) != any("changed" in connection for connection in connections):
        yield "change and changed go together"


def _misshapen_expectations(connection: Mapped) -> Iterator[str]:
    if "expect" not in connection:
        yield "expect is missing"
    for field in EXPECTATIONS:
        for expected in expectations(connection, field):
            yield from (f"{field} {fault}" for fault in _misshapen_expectation(expected))


def _misshapen_expectation(expected: Mapped) -> Iterator[str]:
    yield from (f"has the unknown field {key}" for key in sorted(set(expected) - EXPECTED))
    if expected.get("verdict") not in VERDICTS:
        yield f"has the verdict {expected.get('verdict')}"
    if "decided_by" not in expected:
        yield "does not say what decides"
    if (expected.get("verdict") == "unknown") != bool(expected.get("reasons_mention")):
        yield "has reasons_mention where, and only where, the verdict is unknown"


def expectations(connection: Mapped, field: str) -> list[Mapped]:
    """What is expected of a connection; several where not all that its ends stand for have the same answer."""
    expected = connection.get(field, [])
    return list(expected) if isinstance(expected, Sequence) else [expected]


def differences(folder: Path) -> Iterator[str]:
    """What is otherwise than the scenario expects."""
    scenario = read(folder / "connections.yaml")
    before = _cluster(folder, scenario)
    table = _table(before, scenario)
    connections = scenario["connections"]
    yield from _different(connections, "expect", table)
    if "change" in scenario:
        change = scenario["change"]
        after = before.with_change(change.get("present", []), change.get("absent", []))
        yield from _different([c for c in connections if "changed" in c], "changed", _table(after, scenario))
    found = {(finding.id, finding.subject) for finding in policy_findings(table)}
    for wanted in scenario.get("findings", []):
        if (wanted["id"], wanted["subject"]) not in found:
            yield f"the finding {wanted} is not among {sorted(found)}"


def _cluster(folder: Path, scenario: Mapped) -> Snapshot:
    paths = [folder / name for name in ("cluster.yaml", "policies.yaml")]
    items = [item for path in paths if path.exists() for item in read(path)["items"]]
    kept = snapshot(items, scenario.get("unread", {}), scenario.get("unread_tiers", {}))
    assert sum(map(len, kept.objects.values())) == len(items), "an object is of no kind that counts"
    return kept


def _table(cluster: Snapshot, scenario: Mapped) -> DecisionTable:
    return DecisionTable(cluster, scenario.get("staged", "ignore"))


def _different(connections: Sequence[Mapped], field: str, table: DecisionTable) -> Iterator[str]:
    asked = [{key: value for key, value in c.items() if key not in EXPECTATIONS} for c in connections]
    for given, item, connection in zip(
        connections, asked, parse_connections(asked, "connections", "refused"), strict=True
    ):
        for fault in _unexpected(expectations(given, field), connection, table):
            yield f"{field} {item}: {fault}"


def _unexpected(expected: list[Mapped], connection: Connection, table: DecisionTable) -> Iterator[str]:
    answers = answer(connection, table)
    wanted = sorted(str(_brief(e["verdict"], e["decided_by"])) for e in expected)
    found = sorted(str(_brief(*_decision(a))) for a in answers)
    if wanted != found:
        yield f"expected {wanted}, found {found}"
        return
    reasons = [reason for a in answers for reason in a.reasons]
    for mention in [text for e in expected for text in e.get("reasons_mention", [])]:
        if not any(mention in reason for reason in reasons):
            yield f"{mention!r} is in none of the reasons {reasons}"
    yield from (f"the table decides {decided}" for a in answers if (decided := _by_table(a, table)) != _decision(a))


def _decision(answered: Answered) -> tuple[str, Mapped | None]:
    decider = answered.decided_by
    return answered.outcome, None if decider is None else decider.as_result()


def _by_table(answered: Answered, table: DecisionTable) -> tuple[str, Mapped | None]:
    """The same decision without the trace from which answers are taken."""
    if answered.source is None or answered.destination is None:
        return _decision(answered)
    verdict = table.verdict(answered.source, answered.destination, answered.traffic)
    check = verdict.deciding
    return verdict.outcome, None if check is None or check.decided_by is None else check.decided_by.as_result()


def _brief(verdict: str, decided_by: Mapped | None) -> tuple[str, list[tuple[str, Any]] | None]:
    return verdict, None if decided_by is None else sorted(decided_by.items())


def wrong(folder: Path) -> list[str]:
    """Everything that is wrong with a scenario; nothing where all is as it says."""
    return list(misshapen(folder)) or list(differences(folder))


def test_there_are_scenarios() -> None:
    assert HERE / "a-host-always-reaches-its-own-pods" in folders(HERE)


@pytest.mark.parametrize("folder", folders(HERE), ids=lambda path: path.name)
def test_scenario(folder: Path) -> None:
    found = wrong(folder)
    assert not found, "\n".join(found)


CLUSTER: dict[str, Any] = {
    "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"namespace": "shop", "name": "web"},
            "spec": {"nodeName": "n1"},
            "status": {"podIP": "10.0.1.1"},
        },
    ]
}
DELETED: dict[str, Any] = {"absent": CLUSTER["items"]}
EXPECT: dict[str, Any] = {"verdict": "allow", "decided_by": {"kind": "Profile", "name": "kns.shop", "rule": 0}}
CONNECTION: dict[str, Any] = {
    "source": {"address": "203.0.113.7"},
    "destination": {"pod": {"namespace": "shop", "name": "web"}},
    "port": 80,
    "expect": EXPECT,
}


def written(root: Path, name: str = "a-pod-may-be-reached", **fields: Any) -> Path:
    """A scenario that holds, apart from the fields given."""
    folder = root / name
    folder.mkdir()
    scenario = {"source": "somewhere", "connections": [CONNECTION], **fields}
    for file, content in (("cluster.yaml", CLUSTER), ("connections.yaml", scenario)):
        (folder / file).write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder


def expecting(**fields: Any) -> list[dict[str, Any]]:
    return [{**CONNECTION, "expect": {**EXPECT, **fields}}]


def test_a_scenario_that_holds_passes(tmp_path: Path) -> None:
    assert wrong(written(tmp_path)) == []


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"connections": []}, "there are no connections"),
        ({"source": " "}, "source is missing"),
        ({"staged": "no"}, "staged is no"),
        ({"expectation": []}, "expectation is no field"),
        ({"connections": [{**CONNECTION, "expect": []}], "change": DELETED}, "change and changed go together"),
        ({"connections": [{**CONNECTION, "changed": EXPECT}]}, "change and changed go together"),
        ({"connections": [{k: v for k, v in CONNECTION.items() if k != "expect"}]}, "expect is missing"),
        ({"connections": expecting(verdict="maybe")}, "has the verdict maybe"),
        ({"connections": expecting(verdict="unknown")}, "has reasons_mention where"),
        ({"connections": expecting(reasons_mention=["rule"])}, "has reasons_mention where"),
        ({"connections": expecting(because="it is")}, "has the unknown field because"),
        ({"connections": [{**CONNECTION, "expect": {"verdict": "allow"}}]}, "does not say what decides"),
        ({"connections": [{**CONNECTION, "expect": []}]}, "expected [], found"),
        ({"connections": expecting(verdict="deny")}, "expected"),
        ({"connections": expecting(decided_by={**EXPECT["decided_by"], "name": "kns.dev"})}, "expected"),
        ({"connections": expecting(decided_by=None)}, "expected"),
        ({"findings": [{"id": "policy_fails_open", "subject": "GlobalNetworkPolicy a"}]}, "the finding"),
    ],
)
def test_a_scenario_that_does_not_hold_or_could_not_fail_is_wrong(
    tmp_path: Path, fields: dict[str, Any], fault: str
) -> None:
    found = wrong(written(tmp_path, **fields))
    assert len(found) == 1
    assert fault in found[0]


def test_what_is_expected_after_a_change_counts(tmp_path: Path) -> None:
    policy = {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "closed"},
        "spec": {"types": ["Ingress"]},
    }
    connections = [{**CONNECTION, "changed": EXPECT}]
    (found,) = wrong(written(tmp_path, change={"present": [policy]}, connections=connections))
    assert found.startswith("changed ")


@pytest.mark.parametrize("name", ["pods", "A-Pod-May-Be-Reached", "a_pod_may_be_reached", "a-pod"])
def test_a_folder_without_a_sentence_for_a_name_is_wrong(tmp_path: Path, name: str) -> None:
    assert wrong(written(tmp_path, name)) == [f"{name} is no sentence in kebab case"]


def test_whatever_lies_beside_the_scenarios_is_wrong(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "notes.yaml").touch()
    (tmp_path / "an-empty-folder-says-nothing").mkdir()
    (tmp_path / "__pycache__").mkdir()
    assert [wrong(path) for path in folders(tmp_path)] == [
        ["notes.yaml is no file of a scenario"],
        ["cluster.yaml is missing", "connections.yaml is missing"],
    ]


def test_an_object_that_does_not_count_is_an_error(tmp_path: Path) -> None:
    folder = written(tmp_path)
    policies = {"items": [{"apiVersion": "v1", "kind": "GlobalNetworkPolicy", "metadata": {"name": "a"}}]}
    (folder / "policies.yaml").write_text(yaml.safe_dump(policies), encoding="utf-8")
    with pytest.raises(AssertionError, match="of no kind that counts"):
        wrong(folder)
