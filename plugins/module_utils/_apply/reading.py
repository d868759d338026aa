# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what an audit needs; what cannot be read becomes an entry of its own instead of an empty list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .._calico.errors import NetguardError
from .._calico.global_network_policy import DEFAULT_TIER, KIND, TIER_LABEL, Policy
from .._calico.precedence import tier_of, tier_orders
from .._cluster.discovery import OnlyV1
from .._cluster.errors import ApiAbsent, Forbidden
from .._cluster.gateway import Gateway
from .._cluster.release import has_no_tiers
from .._cluster.resources import (
    CLUSTER_INFORMATIONS,
    GLOBAL_NETWORK_POLICIES,
    KUBERNETES_NETWORK_POLICIES,
    NETWORK_POLICIES,
    TIERS,
    Resource,
)
from .._plan.difference import Difference, differences
from .._plan.owners import managed_by
from .._plan.steps import being_deleted
from .._report.facts import DRIFTED, IN_PLACE, MISSING, UNKNOWN, PolicyFact, Unread
from .._report.foreign import KUBERNETES_KIND, LivePolicy, live_policy
from .names import by_wanted_name, shown_as
from .preconditions import require_in_use
from .rehearsal import confirmed_differences

Items = Sequence[Mapping[str, Any]]
Item = TypeVar("Item")


class Reader:
    """Lists one kind after the other and notes which of them could not be read, and why."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, NetguardError]] = []
        self._read = 0

    def items(self, what: str, read: Callable[[], Sequence[Item]]) -> Sequence[Item] | None:
        """What ``read`` gives, None where it fails."""
        try:
            found = read()
        except NetguardError as error:
            self.note(what, error)
            return None
        self._read += 1
        return found

    def note(self, what: str, error: NetguardError) -> None:
        """Adds something that could not be read elsewhere."""
        self._errors.append((what, error))

    def unread(self) -> tuple[Unread, ...]:
        """Everything that could not be read. Raises the first error where nothing could be."""
        if self._errors and not self._read:
            raise self._errors[0][1]
        return tuple(Unread(what, error.code, error.message) for what, error in self._errors)


@dataclass(frozen=True)
class PolicyReading:
    """The baseline's policies, all policies that are live, the tiers' orders, and tiers of ours that do not exist."""

    facts: tuple[PolicyFact, ...]
    live: tuple[LivePolicy, ...]
    tiers: Mapping[str, float]
    missing_tiers: tuple[str, ...] = ()


def read_policies(reader: Reader, gateway: Gateway, policies: Sequence[Policy], backend: str | None) -> PolicyReading:
    """Lists the policies of all kinds, and the tiers, and compares the baseline's with what is live."""
    ours = _listed(reader, gateway, GLOBAL_NETWORK_POLICIES)
    others = {
        "NetworkPolicy": _listed(reader, gateway, NETWORK_POLICIES),
        KUBERNETES_KIND: _listed(reader, gateway, KUBERNETES_NETWORK_POLICIES),
    }
    tiers = reader.items(TIERS.full_name, lambda: _tiers(gateway))
    _note_unused(reader, gateway)
    if backend not in ("native", "v1"):
        # What could not be listed at all has been noted already.
        read = {GLOBAL_NETWORK_POLICIES: ours, NETWORK_POLICIES: others["NetworkPolicy"]}
        asked = [resource for resource, items in read.items() if items is not None]
        _note_hidden_tiers(reader, gateway, asked, [str(tier["metadata"]["name"]) for tier in tiers or ()])
    named = None if ours is None else _named(reader, gateway, policies, ours, backend)
    shown = [shown_as(item, name) for name, item in (named or {}).items()]
    live = [live_policy(kind, item) for kind, items in {KIND: shown, **others}.items() for item in items or ()]
    facts = _policy_facts(reader, gateway, policies, named)
    missing = () if tiers is None else _missing_tiers(policies, tiers)
    return PolicyReading(facts, tuple(live), tier_orders(list(tiers or ())), missing)


def _missing_tiers(policies: Sequence[Policy], tiers: Items) -> tuple[str, ...]:
    """The tiers of the baseline's policies that do not exist, in which Calico denies what the policies select."""
    there = {str(tier["metadata"]["name"]) for tier in tiers}
    return tuple(dict.fromkeys(tier for policy in policies if (tier := tier_of(policy.spec)) not in there))


def _named(
    reader: Reader, gateway: Gateway, policies: Sequence[Policy], live: Items, backend: str | None
) -> Mapping[str, Mapping[str, Any]]:
    """The live policies by the names that manifests have for them."""
    by_api_server = backend in ("aggregated", "unknown")
    try:
        return by_wanted_name(gateway, live, [policy.name for policy in policies] if by_api_server else ())
    except NetguardError as error:
        reader.note(f"{CLUSTER_INFORMATIONS.full_name} default", error)
        return by_wanted_name(gateway, live, ())


def _tiers(gateway: Gateway) -> Items:
    """The tiers. A release that does not have them yet treats all policies as later ones do those of the tier default."""
    try:
        return gateway.list(TIERS)
    except ApiAbsent:
        if has_no_tiers(gateway):
            return [{"metadata": {"name": DEFAULT_TIER}, "spec": {}}]
        raise


def _note_unused(reader: Reader, gateway: Gateway) -> None:
    """Notes that Calico's datastore is locked or not in use, for then nobody knows whether what is read is in force."""
    try:
        require_in_use(gateway)
    except NetguardError as error:
        reader.note(f"{CLUSTER_INFORMATIONS.full_name} default", error)


def _note_hidden_tiers(reader: Reader, gateway: Gateway, resources: Sequence[Resource], tiers: Sequence[str]) -> None:
    """Notes every tier whose policies the account may not see.

    Calico's API server leaves them out of a list without a word, and refuses only one that selects the tier by its label.
    """
    for resource in resources:
        for tier in dict.fromkeys([DEFAULT_TIER, *tiers]):
            try:
                gateway.list(resource, "", f"{TIER_LABEL}=={tier}")
            except NetguardError as error:
                reader.note(f"{resource.full_name} of tier {tier}", error)


def _listed(reader: Reader, gateway: Gateway, resource: Resource) -> Items | None:
    return reader.items(resource.full_name, lambda: gateway.list(resource))


def _policy_facts(
    reader: Reader, gateway: Gateway, policies: Sequence[Policy], live: Mapping[str, Mapping[str, Any]] | None
) -> tuple[PolicyFact, ...]:
    if live is None:
        return tuple(PolicyFact(policy.name, UNKNOWN) for policy in policies)
    facts = (_policy_fact(reader, gateway, policy, live.get(policy.name)) for policy in policies)
    return tuple(replace(fact, managed_by=managed_by(live.get(fact.name) or {})) for fact in facts)


def _policy_fact(reader: Reader, gateway: Gateway, policy: Policy, live: Mapping[str, Any] | None) -> PolicyFact:
    if live is None:
        return PolicyFact(policy.name, MISSING)
    if being_deleted(live):
        return PolicyFact(policy.name, DRIFTED, (_deletion(live),), live.get("spec"))
    try:
        found = confirmed_differences(gateway, live, policy)
    except (Forbidden, OnlyV1):
        # Where nothing may be written, nobody can ask the server what it would restore; then every difference counts.
        found = differences(live, policy)
    except NetguardError as error:
        # The policy differs as it was read, and nobody knows whether the server makes it so, or whether it still does.
        reader.note(f"{GLOBAL_NETWORK_POLICIES.full_name} {policy.name}", error)
        return PolicyFact(policy.name, UNKNOWN, _as_results(differences(live, policy)), live.get("spec"))
    return PolicyFact(policy.name, DRIFTED if found else IN_PLACE, _as_results(found), live.get("spec"))


def _deletion(live: Mapping[str, Any]) -> dict[str, Any]:
    """The difference of a policy that is on its way out, whatever its spec says."""
    return Difference("metadata.deletionTimestamp", live["metadata"]["deletionTimestamp"], None).as_result()


def _as_results(found: Sequence[Difference]) -> tuple[dict[str, Any], ...]:
    return tuple(difference.as_result() for difference in found)
