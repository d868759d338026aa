# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of policy_verdict_info: a snapshot from the cluster or from manifests, and the questions about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._calico.connection import parse_connections
from .._calico.errors import InvalidInput, InvalidManifest
from .._calico.manifest import SourcedManifest
from .._calico.snapshot import Snapshot, identity, offline
from .._calico.stored import as_written, with_server_defaults
from .._calico.validation import faults
from .._cluster.release import STAGED_POLICIES_SINCE, spelled
from .._cluster.snapshot import absent_staged_kinds, read_snapshot
from .._report.size import within_limit
from .._report.verdicts import Questions, verdict_report
from .run import Result, Session, Work
from .source import manifests_of_file

# Most important first, since the last ones are cut where a result grows too large.
_LISTS = ("changed_verdicts", "verdicts", "unread", "changed_connections", "findings")
_FILES = ("*.yml", "*.yaml", "*.json")


def prepare(params: dict[str, Any]) -> Work:
    """Reads connections and change, so that a bad one is refused before anything is sent; asks the live cluster."""
    ask = _asked(params)

    def work(session: Session) -> Result:
        snapshot = read_snapshot(session.gateway, session.cluster.backend, params["staged"] == "enforce")
        for kind in absent_staged_kinds(snapshot) if params["staged"] == "enforce" else ():
            session.warn(
                f"The cluster does not serve {kind}, which Calico has from {spelled(STAGED_POLICIES_SINCE)} on"
            )
        return ask(snapshot)

    return work


def answer_offline(params: dict[str, Any]) -> Result:
    """The same on manifests alone; no cluster is asked. Raises NetguardError."""
    ask = _asked(params)
    if params["src"]:
        return ask(offline(_objects(_of_path(Path(params["src"])))))
    listed = [SourcedManifest(f"resources[{i}]", content) for i, content in enumerate(params["resources"])]
    return ask(offline(_objects(listed)))


def _asked(params: Mapping[str, Any]) -> Callable[[Snapshot], Result]:
    """The questions, checked, as a function of the snapshot that they are about."""
    connections = parse_connections(params["connections"] or (), "connections", "refused")
    change = params["change"]
    present, absent = _change(change or {})

    def ask(snapshot: Snapshot) -> Result:
        after = snapshot.with_change(present, absent) if change else None
        return _cut(verdict_report(snapshot, Questions(connections, after, params["staged"])))

    return ask


def _change(change: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """The manifests to write and those to delete. Raises InvalidManifest for one that Calico would not take."""
    present, absent = list(change.get("present") or ()), list(change.get("absent") or ())
    wrong = [f"change.present[{i}]: {fault}" for i, item in enumerate(present) for fault in _faults(item)]
    wrong += [
        f"change.absent[{i}]: needs apiVersion, kind and metadata.name of something on which verdicts depend"
        for i, item in enumerate(absent)
        if _names_nothing(item)
    ]
    if wrong:
        raise InvalidManifest("; ".join(wrong), "Correct the manifests of the change.")
    return [as_written(item) for item in present], absent


def _faults(item: Any) -> Sequence[object]:
    if identity(item) is None:
        return ["is no object on which verdicts depend"]
    # What is no policy, tier, set or host endpoint, such as a Pod, is not validated here.
    validated = {"projectcalico.org/v3", "networking.k8s.io/v1"}
    return faults(item) if item.get("apiVersion") in validated else ()


def _names_nothing(item: Any) -> bool:
    found = identity(item)
    return found is None or not found[2]


def _of_path(path: Path) -> list[SourcedManifest]:
    files = sorted(file for glob in _FILES for file in path.rglob(glob)) if path.is_dir() else [path]
    if not files:
        raise InvalidInput(f"There is no YAML or JSON file in {path}", "Give a file, or a folder with manifests.")
    return [manifest for file in files for manifest in manifests_of_file(file)]


def _objects(listed: Sequence[SourcedManifest]) -> list[Mapping[str, Any]]:
    """The manifests as objects; other kinds are left out later, what is no object at all is an error."""
    wrong = [
        f"{manifest.where}: is no object with apiVersion, kind and metadata.name"
        for manifest in listed
        if not isinstance(manifest.content, Mapping)
        or not all(isinstance(manifest.content.get(key), str) for key in ("apiVersion", "kind"))
        or (identity(manifest.content) or ("", "", "?"))[2] == ""
    ]
    if wrong:
        raise InvalidManifest("; ".join(wrong), "Give Kubernetes objects, as kubectl get -o yaml prints them.")
    contents = [manifest.content for manifest in listed if isinstance(manifest.content, Mapping)]
    return [with_server_defaults(content) for content in contents]


def _cut(report: Result) -> Result:
    kept, cut = within_limit({name: report[name] for name in _LISTS if report.get(name) is not None})
    return {**report, **kept, "changed": False, "truncated": cut}
