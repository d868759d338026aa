# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels that selectors are asked about: those of the endpoint itself, its namespace's and its service account's.

Rules: libcalico-go/lib/backend/k8s/conversion of Calico. Labels of a namespace are inherited with the prefix ``pcns.``, those
of a service account with ``pcsa.``. A Pod cannot have such labels itself, or it could pretend to be of another namespace; a
network set can, and they come first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .selector_tree import UNKNOWN, Labels, Unknown

NAMESPACE = "projectcalico.org/namespace"
ORCHESTRATOR = "projectcalico.org/orchestrator"
SERVICE_ACCOUNT = "projectcalico.org/serviceaccount"
NAME = "projectcalico.org/name"
NAMESPACE_PREFIX = "pcns."
SERVICE_ACCOUNT_PREFIX = "pcsa."
# The API server puts it on every namespace, so it is known even where the namespace could not be read, or is a manifest only.
_METADATA_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class PartialLabels:
    """Labels of which those with one of ``unknown_prefixes`` may be missing from ``known``."""

    known: Mapping[str, str]
    unknown_prefixes: tuple[str, ...]

    def get(self, key: str, /) -> str | Unknown | None:
        value = self.known.get(key)
        return UNKNOWN if value is None and key.startswith(self.unknown_prefixes) else value


@dataclass(frozen=True)
class Inherited:
    """What endpoints of one namespace, or of one service account, inherit; ``complete`` says whether that is all."""

    labels: Mapping[str, str]
    complete: bool


def of_namespace(name: str, labels: Mapping[str, str] | None) -> Inherited:
    """What endpoints inherit from their namespace; ``labels`` is None where it could not be read."""
    own = {**(labels or {}), _METADATA_NAME: name}
    return Inherited({**_prefixed(NAMESPACE_PREFIX, own), NAMESPACE_PREFIX + NAME: name}, labels is not None)


def of_service_account(name: str, labels: Mapping[str, str] | None) -> Inherited:
    """What Pods inherit from their service account; ``labels`` is None where it could not be read."""
    inherited = _prefixed(SERVICE_ACCOUNT_PREFIX, labels or {})
    return Inherited({**inherited, SERVICE_ACCOUNT_PREFIX + NAME: name}, labels is not None)


def pod_labels(
    own: Mapping[str, str],
    namespace: str,
    service_account: str,
    from_namespace: Inherited,
    from_account: Inherited | None,
) -> Labels:
    """The labels of a Pod as Calico sees it."""
    kept = {key: value for key, value in own.items() if not key.startswith((NAMESPACE_PREFIX, SERVICE_ACCOUNT_PREFIX))}
    labels = {**kept, NAMESPACE: namespace, ORCHESTRATOR: "k8s"}
    if service_account:
        labels[SERVICE_ACCOUNT] = service_account
    account = Inherited({}, True) if from_account is None else from_account
    known = {**account.labels, **from_namespace.labels, **labels}
    return with_unknown(known, from_namespace.complete, account.complete)


def network_set_labels(own: Mapping[str, str], namespace: str, from_namespace: Inherited | None) -> Labels:
    """The labels of a NetworkSet, or of a GlobalNetworkSet, which has no namespace and inherits nothing."""
    if from_namespace is None:
        return dict(own)
    return with_unknown({**from_namespace.labels, **own, NAMESPACE: namespace}, from_namespace.complete, True)


def with_unknown(known: Mapping[str, str], namespace_complete: bool, account_complete: bool) -> Labels:
    """``known`` as it is where everything was read, else with what is not known marked."""
    prefixes = (
        *(() if namespace_complete else (NAMESPACE_PREFIX,)),
        *(() if account_complete else (SERVICE_ACCOUNT_PREFIX,)),
    )
    return PartialLabels(known, prefixes) if prefixes else dict(known)


def _prefixed(prefix: str, labels: Mapping[str, str]) -> dict[str, str]:
    return {prefix + key: value for key, value in labels.items()}
