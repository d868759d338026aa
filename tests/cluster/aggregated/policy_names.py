# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy may be called, what its v1 object is called, and under which names it is shown and found."""

from __future__ import annotations

from aggregated.resource import DEFAULT_TIER

_PREFIX = f"{DEFAULT_TIER}."


class PolicyNames:
    """The names as they are created, everywhere.

    Attributes:
        are_recorded: whether the v1 object's annotation holds the name as it was created.
    """

    are_recorded = False

    def complaint(self, name: str, tier: str) -> str:
        """What is wrong with a name for a policy of the tier; empty where nothing is."""
        return ""

    def stored(self, name: str) -> str:
        """What the v1 object of a policy of this name is called."""
        return name

    def shown(self, stored: str, recorded: str | None) -> str:
        """The name of the policy in a v1 object, whose annotation may hold the name as it was created."""
        return stored

    def accepts(self, asked: str, shown: str) -> bool:
        """Whether the policy, once its v1 object is found, may be asked for by this name."""
        return True


class WithoutTiers(PolicyNames):
    """Names without a dot, stored with a prefix that v3 does not know."""

    def complaint(self, name: str, tier: str) -> str:
        """A dot is wrong."""
        return f"metadata.name: Invalid value: {name!r}: name must consist of a-z, 0-9 or '-'" if "." in name else ""

    def stored(self, name: str) -> str:
        """With the prefix, whatever the name."""
        return f"{_PREFIX}{name}"

    def shown(self, stored: str, recorded: str | None) -> str:
        """Without the prefix."""
        return stored.removeprefix(_PREFIX)


class WithTheirTier(PolicyNames):
    """Names that begin with the tier; that of the default tier is added where it is missing, and shown."""

    def complaint(self, name: str, tier: str) -> str:
        """A tier in the name that is not the policy's is wrong, and no tier is the default one."""
        stored = self.stored(name)
        return "" if stored.startswith(f"{tier}.") else f"Incorrectly formatted policy name {stored}"

    def stored(self, name: str) -> str:
        """With a tier."""
        return name if "." in name else f"{_PREFIX}{name}"


class StoredWithTheirTier(WithTheirTier):
    """Names that are stored with the tier, and otherwise are as they were created."""

    are_recorded = True

    def shown(self, stored: str, recorded: str | None) -> str:
        """As it was created; an object from before names were recorded loses the prefix."""
        return recorded or stored.removeprefix(_PREFIX)

    def accepts(self, asked: str, shown: str) -> bool:
        """Only as it was created."""
        return asked == shown
