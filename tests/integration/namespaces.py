# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a namespace away at once. The namespace controller waits five seconds before it looks at one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from control_plane import Api, ApiError

# Some kinds are not served any more, or not by collections, in one of the ways of serving Calico's API.
_NOT_SERVED = (404, 405)


def remove(api: Api, names: Sequence[str]) -> None:
    """Deletes all that is in these namespaces, and them."""
    resources = list(_namespaced(api)) if names else []
    for name in names:
        # From here on nothing is created in it any more.
        namespace = api.request("DELETE", f"/api/v1/namespaces/{name}")
        for prefix, resource in resources:
            _empty(api, f"{prefix}/namespaces/{name}/{resource['name']}", resource["verbs"])
        _finalize(api, name, namespace)


def _finalize(api: Api, name: str, namespace: dict[str, Any]) -> None:
    """Does what the namespace controller would do in the end; it may come first."""
    path = f"/api/v1/namespaces/{name}"
    try:
        try:
            api.request("PUT", f"{path}/finalize", {**namespace, "spec": {"finalizers": []}})
        except ApiError as error:
            if error.status != 409:
                raise
            newer = api.request("GET", path)
            api.request("PUT", f"{path}/finalize", {**newer, "spec": {"finalizers": []}})
    except ApiError as error:
        if error.status != 404:
            raise


def _namespaced(api: Api) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each resource of namespaces, with the beginning of its path."""
    groups = api.request("GET", "/apis")["groups"]
    for prefix in ("/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)):
        for resource in _served(api, prefix):
            if resource["namespaced"] and "/" not in resource["name"] and "delete" in resource["verbs"]:
                yield prefix, resource


def _served(api: Api, prefix: str) -> Sequence[dict[str, Any]]:
    """What a version of the API has; nothing where its last CRD was just deleted, as groups are listed a while longer."""
    try:
        resources: Sequence[dict[str, Any]] = api.request("GET", prefix)["resources"]
    except ApiError as error:
        if error.status != 404:
            raise
        return ()
    return resources


def _empty(api: Api, path: str, verbs: Sequence[str]) -> None:
    try:
        if "deletecollection" in verbs:
            # No kubelet says that a Pod has ended, so that it would stay for ever.
            api.request("DELETE", f"{path}?gracePeriodSeconds=0")
        else:
            for item in api.request("GET", path)["items"]:
                api.request("DELETE", f"{path}/{item['metadata']['name']}")
    except ApiError as error:
        if error.status not in _NOT_SERVED:
            raise
