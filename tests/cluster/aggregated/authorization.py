# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, asked of kube-apiserver by SubjectAccessReview: ordinary rights, and those of tiers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aggregated.exchange import User
from aggregated.refusal import Refusal
from aggregated.resource import GROUP, VERSION, Place
from api import Api

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
# Servers that ask kube-apiserver about rights let this group pass without asking.
_MASTERS = "system:masters"


@dataclass(frozen=True)
class Access:
    """What one request wants: its user, its verb as RBAC names it, and what it is about."""

    api: Api
    user: User
    verb: str
    place: Place

    def require(self) -> None:
        """Ask for the verb on the resource itself. Raises Refusal where the user does not have it."""
        place = self.place
        if self._allowed(self.verb, place.kind.plural, place.namespace, place.name):
            return
        scope = f'in the namespace "{place.namespace}"' if place.namespace else "at the cluster scope"
        raise self._forbidden(
            f'User "{self.user.name}" cannot {self.verb} resource "{place.kind.plural}" in API group "{GROUP}" {scope}'
        )

    def require_tier(self, tier: str) -> None:
        """Ask for what a policy of the tier needs besides. Raises Refusal where the user does not have it."""
        sees = self._allowed("get", "tiers", "", tier)
        if sees and self._has_tier_verb(tier):
            return
        place = self.place
        within = f' and namespace "{place.namespace}"' if place.namespace else ""
        raise self._forbidden(
            f'User "{self.user.name}" cannot {self.verb} {place.full_name} in tier "{tier}"{within}'
            + ("" if sees else " (user cannot get tier)")
        )

    def visible(self, tiers: Iterable[str]) -> tuple[str, ...]:
        """Those of the tiers on whose policies the user has the verb. Raises Refusal where it is none of some."""
        known = tuple(tiers)
        seen = tuple(tier for tier in known if self._allowed("get", "tiers", "", tier) and self._has_tier_verb(tier))
        if known and not seen:
            raise self._forbidden("Operation on Calico tiered policy is forbidden")
        return seen

    def _has_tier_verb(self, tier: str) -> bool:
        place = self.place
        resource = f"tier.{place.kind.plural}"
        names = (f"{tier}.*", place.name)
        return any(self._allowed(self.verb, resource, place.namespace, name) for name in names)

    def _allowed(self, verb: str, resource: str, namespace: str, name: str) -> bool:
        if _MASTERS in self.user.groups:
            return True
        attributes = {"group": GROUP, "version": VERSION, "verb": verb, "resource": resource, "name": name}
        if namespace:
            attributes["namespace"] = namespace
        spec = {"user": self.user.name, "groups": list(self.user.groups), "resourceAttributes": attributes}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        return bool(self.api.request("POST", _REVIEWS, review)["status"]["allowed"])

    def _forbidden(self, why: str) -> Refusal:
        name = f' "{self.place.name}"' if self.place.name else ""
        return Refusal(
            403,
            f"{self.place.full_name}{name} is forbidden: {why}",
            name=self.place.name,
            group=GROUP,
            kind=self.place.kind.plural,
        )
