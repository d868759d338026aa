# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubeconfigs, looked at before they are used, so that an error names the file, the context and the remedy.

The rules of merging several files are those of
https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._calico.errors import InvalidInput
from .proxy import proxy_secrets

_SECRET_KEYS = {"token", "password", "client-key-data", "id-token", "refresh-token", "access-token", "client-secret"}


@dataclass(frozen=True)
class Kubeconfig:
    """One kubeconfig with its chosen context: where it is from, what it says, and what of it is secret.

    ``files`` are joined as in KUBECONFIG; it is empty where the content was given. ``proxy`` is empty where it names none.
    """

    where: str
    files: str
    content: Mapping[str, Any]
    context: str
    insecure: bool
    proxy: str
    secrets: tuple[str, ...]


def read_kubeconfig(
    given: str | Mapping[str, Any] | None, context: str | None, environ: Mapping[str, str]
) -> Kubeconfig:
    """The kubeconfig that is given as path, content or JSON, otherwise KUBECONFIG's, otherwise ``~/.kube/config``.

    Raises InvalidInput where it cannot be read, lacks the context, or the context leads to no server.
    """
    content = _content_given(given)
    if content is not None:
        return _chosen("kubeconfig", "", content, context)
    path = str(given or environ.get("KUBECONFIG") or "~/.kube/config")
    files = [Path(part).expanduser() for part in path.split(os.pathsep) if part]
    present = [file for file in files if file.exists()]
    if not present:
        raise InvalidInput(
            f"There is no kubeconfig {path}",
            "Give kubeconfig, or host with api_key, or connection: in_cluster; it is read where the task runs.",
        )
    return _chosen(path, os.pathsep.join(map(str, present)), _merged([_read(file) for file in present]), context)


def _content_given(given: str | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if isinstance(given, Mapping):
        return given
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            content = json.loads(given)
        except ValueError as error:
            raise InvalidInput("kubeconfig looks like JSON and is not", "Give a path or a dictionary.") from error
        return content if isinstance(content, dict) else None
    if given is not None and not isinstance(given, str):
        raise InvalidInput("kubeconfig is neither a path nor a dictionary", "Give one of them.")
    return None


def _read(file: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"The kubeconfig {file} cannot be read: {error.strerror}", "Check the path.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # The parser quotes the line that it stumbles over, which may be a token.
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise InvalidInput(f"The kubeconfig {file}{line} is not YAML", "Correct the file.") from None
    if not isinstance(content, dict):
        raise InvalidInput(f"The kubeconfig {file} is not a mapping", "Give a file as kubectl uses it.")
    return content


def _merged(contents: list[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in ("clusters", "contexts", "users"):
        entries: dict[str, Any] = {}
        for content in contents:
            for entry in _entries(content, part):
                entries.setdefault(str(entry.get("name")), entry)
        merged[part] = list(entries.values())
    named = [content["current-context"] for content in contents if content.get("current-context")]
    return {**merged, "current-context": named[0]} if named else merged


def _chosen(where: str, files: str, content: Mapping[str, Any], context: str | None) -> Kubeconfig:
    known = [str(entry.get("name")) for entry in _entries(content, "contexts")]
    name = context or content.get("current-context")
    if not name:
        raise InvalidInput(f"{where} has no current-context", f"Give context: one of {_listed(known)}.")
    if name not in known:
        raise InvalidInput(f"{where} has no context {name}", f"Its contexts: {_listed(known)}.")
    chosen = _named(content, "contexts", str(name)).get("context") or {}
    cluster = _named(content, "clusters", str(chosen.get("cluster"))).get("cluster") or {}
    if not isinstance(cluster, Mapping) or not cluster.get("server"):
        raise InvalidInput(
            f"The context {name} of {where} names no cluster with a server (cluster: {chosen.get('cluster')})",
            "Complete clusters in the kubeconfig, or choose another context.",
        )
    user = chosen.get("user")
    if user and not _named(content, "users", str(user)):
        raise InvalidInput(f"The context {name} of {where} names the user {user}, which is not there", "Add the user.")
    insecure = bool(cluster.get("insecure-skip-tls-verify"))
    proxy = str(cluster.get("proxy-url") or "")
    secrets = (*_secrets(content.get("users")), *_of_proxies(content))
    return Kubeconfig(where, files, content, str(name), insecure, proxy, secrets)


def _entries(content: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    entries = content.get(part)
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []


def _named(content: Mapping[str, Any], part: str, name: str) -> Mapping[str, Any]:
    return next((entry for entry in _entries(content, part) if str(entry.get("name")) == name), {})


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:20]) or "none"
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown


def _of_proxies(content: Mapping[str, Any]) -> Iterator[str]:
    """The passwords in the proxies' URLs of all clusters, the chosen one's or not."""
    for entry in _entries(content, "clusters"):
        cluster = entry.get("cluster")
        if isinstance(cluster, Mapping):
            yield from proxy_secrets(str(cluster.get("proxy-url") or ""))


def _secrets(value: Any) -> Iterator[str]:
    """Everything in the users' entries that authenticates: by its key, and all of the environment of a plugin."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "env" and isinstance(item, list):
                yield from (str(e["value"]) for e in item if isinstance(e, Mapping) and e.get("value"))
            elif key in _SECRET_KEYS and isinstance(item, str):
                yield item
            else:
                yield from _secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item)
