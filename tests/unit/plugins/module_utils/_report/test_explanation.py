# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about a connection that several places deny."""

from __future__ import annotations

from typing import Any

from ansible_collections.netguard.calico.plugins.module_utils._calico.answers import Answered
from ansible_collections.netguard.calico.plugins.module_utils._calico.connection import parse_connections
from ansible_collections.netguard.calico.plugins.module_utils._calico.traffic import Traffic
from ansible_collections.netguard.calico.plugins.module_utils._calico.verdict import Check, Decider, Verdict
from ansible_collections.netguard.calico.plugins.module_utils._report.explanation import explained

ENDS: dict[str, Any] = {"source": {"address": "192.0.2.1"}, "destination": {"address": "192.0.2.2"}, "port": 80}
(CONNECTION,) = parse_connections([ENDS], "connections", "refused")
RULE = Check("egress", "pod a/p1", "deny", Decider("GlobalNetworkPolicy", "out", "", "security", 2))
END_OF_TIER = Check("ingress", "pod b/p2", "deny", Decider("NetworkPolicy", "in", "b", "default", -1))
SETTING = Check("ingress", "node n1", "deny", Decider("FelixConfiguration", "defaultEndpointToHostAction Drop"))
CLOSED = Check("ingress", "node n2", "deny", Decider("HostEndpoint", "n2-eth0"))
UNKNOWN = Check("ingress", "pod b/p2", "unknown", None, ("Tier was not read: forbidden",))
ALLOWED = Check("ingress", "pod b/p2", "allow", Decider("Profile", "kns.b", rule=0))


def text(*checks: Check) -> str:
    return explained(Answered(CONNECTION, "deny", Verdict(checks), Traffic(6, 80), None, None, 1, ()))


def test_one_denial_is_named_with_its_remedy() -> None:
    assert text(RULE, ALLOWED) == (
        "the connection is denied at the egress of pod a/p1 by rule 2 of GlobalNetworkPolicy out in tier security. "
        "To allow it, change that rule, or allow it in an egress rule that comes before."
    )


def test_every_place_that_denies_is_named_with_its_own_remedy() -> None:
    assert text(RULE, END_OF_TIER) == (
        "the connection is denied at the egress of pod a/p1 by rule 2 of GlobalNetworkPolicy out in tier security, and at the "
        "ingress of pod b/p2 by the end of tier default, where NetworkPolicy b/in applies and nothing matched. "
        "Each of them denies it. "
        "To allow it at the egress of pod a/p1, change that rule, or allow it in an egress rule that comes before. "
        "To allow it at the ingress of pod b/p2, add an ingress rule for it to a policy of tier default that selects this "
        "endpoint; without any policy in the tier that selects it the tier would not count."
    )


def test_a_denial_that_no_rule_makes_is_named_too() -> None:
    found = text(RULE, SETTING)
    assert "and at the ingress of node n1 by FelixConfiguration defaultEndpointToHostAction Drop" in found
    assert found.endswith("To allow it at the ingress of node n1, change that setting.")
    assert text(CLOSED).endswith("To allow it, add a policy with an ingress rule for it that selects this endpoint.")


def test_what_is_not_known_elsewhere_is_said_beside_a_denial() -> None:
    assert text(RULE, UNKNOWN).endswith(
        "Whether it is allowed at the ingress of pod b/p2 is not known: Tier was not read: forbidden."
    )
