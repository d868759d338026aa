# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts Calico's kinds into a fresh API server, and waits until it serves them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from api import APPLY, Api, ApiError

OWN_CRDS = Path(__file__).resolve().parent / "crds"
FIELD_MANAGER = "netguard-control-plane"
_CRD_KIND = "CustomResourceDefinition"
DEFAULT_TIER = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "Tier",
    "metadata": {"name": "default"},
    "spec": {"order": 1_000_000, "defaultAction": "Deny"},
}

# What calico-node writes down when it starts.
CLUSTER_INFORMATION = {
    "apiVersion": "projectcalico.org/v3",
    "kind": "ClusterInformation",
    "metadata": {"name": "default"},
    "spec": {"calicoVersion": "v3.32.0", "datastoreReady": True},
}

_TIER_LABEL_POLICY = "tierlabel.policy.projectcalico.org"
_TIERED = ("GlobalNetworkPolicy", "NetworkPolicy", "StagedGlobalNetworkPolicy")

Manifest = dict[str, Any]


class InstallError(Exception):
    """The manifests cannot be read, or the API server does not serve them in time."""


@dataclass(frozen=True)
class Installed:
    """What was installed: the names of the CRDs, and the manifests (kind/name) that the server does not know."""

    crds: tuple[str, ...]
    skipped: tuple[str, ...]


def read_manifests(paths: Iterable[Path]) -> list[Manifest]:
    """Every object in the files, and in the YAML files of the folders. Raises InstallError where one is no manifest."""
    manifests = []
    for file in (file for path in paths for file in _files(path)):
        try:
            documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        except (OSError, yaml.YAMLError) as error:
            raise InstallError(f"{file}: {error}") from error
        manifests += [_checked(item, file) for document in documents for item in _items(document)]
    return manifests


def install(api: Api, manifests: Sequence[Manifest], timeout: float) -> Installed:
    """Apply the CRDs, wait until they are served, then apply the rest and what Calico makes when it starts.

    Raises InstallError where the time runs out, ApiError where the server refuses a manifest.
    """
    deadline = time.monotonic() + timeout
    crds = [manifest for manifest in manifests if manifest["kind"] == _CRD_KIND]
    for crd in crds:
        apply(api, crd)
    for crd in crds:
        _wait(deadline, f"{crd['metadata']['name']} is not served", partial(_is_served, api, crd))
    others = [manifest for manifest in manifests if manifest["kind"] != _CRD_KIND]
    names = {crd["metadata"]["name"] for crd in crds}
    for plural, made_by_calico in (("tiers", DEFAULT_TIER), ("clusterinformations", CLUSTER_INFORMATION)):
        if f"{plural}.projectcalico.org" in names:
            others.append(made_by_calico)
    skipped = [other for other in others if not apply(api, other)]
    # The server takes the schema that it needs for it from a cache of its own, and refuses writes with 503 meanwhile.
    for kind in _TIERED if any(manifest["metadata"]["name"] == _TIER_LABEL_POLICY for manifest in others) else ():
        _wait(deadline, f"{kind} does not get its tier", partial(_gets_its_tier, api, kind))
    return Installed(
        crds=tuple(crd["metadata"]["name"] for crd in crds),
        skipped=tuple(f"{manifest['kind']}/{manifest['metadata']['name']}" for manifest in skipped),
    )


def _gets_its_tier(api: Api, kind: str) -> bool:
    """Whether Calico's admission policies are in force: a dry run shows the label that they set."""
    manifest = {"apiVersion": "projectcalico.org/v3", "kind": kind, "metadata": {"name": "any"}, "spec": {}}
    collection = _collection(api, manifest)
    if collection is None:
        return True
    try:
        answer = api.request("POST", f"{collection}?dryRun=All", manifest)
    except ApiError as error:
        if error.status == 503:
            return False
        raise
    return "projectcalico.org/tier" in answer["metadata"].get("labels", {})


def apply(api: Api, manifest: Manifest) -> bool:
    """Create the object or make it as the manifest says; False where the server does not know the kind.

    Raises ApiError where the server refuses the manifest.
    """
    collection = _collection(api, manifest)
    if collection is None:
        return False
    path = f"{collection}/{quote(manifest['metadata']['name'], safe='')}"
    api.request("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true&fieldValidation=Strict", manifest, APPLY)
    return True


def _collection(api: Api, manifest: Manifest) -> str | None:
    """The path of the manifest's kind, in its namespace where it has one; None where it is not served."""
    version = str(manifest["apiVersion"])
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    try:
        resources = api.request("GET", base)["resources"]
    except ApiError as error:
        if error.status == 404:
            return None
        raise
    for resource in resources:
        if resource["kind"] == manifest["kind"] and "/" not in resource["name"]:
            namespace = (
                f"/namespaces/{manifest['metadata'].get('namespace', 'default')}" if resource["namespaced"] else ""
            )
            return f"{base}{namespace}/{resource['name']}"
    return None


def _is_served(api: Api, crd: Manifest) -> bool:
    """Whether the CRD is established and every served version is listed and answers."""
    spec = crd["spec"]
    current = api.request("GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}")
    states = {state["type"]: state["status"] for state in current.get("status", {}).get("conditions", [])}
    if states.get("Established") != "True":
        return False
    versions = [version["name"] for version in spec["versions"] if version["served"]]
    return all(_answers(api, f"/apis/{spec['group']}/{version}", spec["names"]["plural"]) for version in versions)


def _answers(api: Api, base: str, plural: str) -> bool:
    """Whether discovery names the resource, and a list of it is answered."""
    try:
        listed = any(resource["name"] == plural for resource in api.request("GET", base)["resources"])
        if listed:
            api.request("GET", f"{base}/{plural}?limit=1")
    except ApiError as error:
        if error.status in (404, 429, 503):
            return False
        raise
    return listed


def _wait(deadline: float, complaint: str, done: Callable[[], bool]) -> None:
    """Ask until it is done. Raises InstallError when the time is over."""
    while not done():
        if time.monotonic() > deadline:
            raise InstallError(f"{complaint} in time")
        time.sleep(0.05)


def _files(path: Path) -> list[Path]:
    """The file itself, or the YAML files in the folder by name."""
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
    if not found:
        raise InstallError(f"{path}: no YAML files")
    return found


def _items(document: object) -> list[object]:
    """The objects of a document: those of a List, nothing of an empty one, otherwise the document itself."""
    if isinstance(document, dict) and document.get("kind") == "List":
        return list(document.get("items") or [])
    return [] if document is None else [document]


def _checked(document: object, file: Path) -> Manifest:
    """The document, where it is an object with a kind and a name."""
    if isinstance(document, dict) and document.get("apiVersion") and document.get("kind"):
        metadata = document.get("metadata")
        if isinstance(metadata, dict) and metadata.get("name"):
            return document
    raise InstallError(f"{file}: not a manifest with apiVersion, kind and metadata.name")
