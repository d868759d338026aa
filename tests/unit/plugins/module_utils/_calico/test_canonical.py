# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specs that mean the same are equal in normal form; specs that do not are not."""

from __future__ import annotations

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico.canonical import canonical_spec


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"egress": [{"action": "Allow", "source": {}}]}, {"egress": [{"action": "Allow"}]}),
        ({"egress": []}, {}),
        ({"selector": ""}, {}),
        ({"order": 5.0}, {"order": 5}),
        ({"order": None}, {}),
        ({"types": ["Egress", "Ingress"]}, {"types": ["Ingress", "Egress"]}),
        ({"tier": "default"}, {}),
        ({"applyOnForward": False, "doNotTrack": False, "preDNAT": False}, {}),
        (
            {"egress": [{"action": "Deny", "destination": {"nets": [], "selector": None}}]},
            {"egress": [{"action": "Deny"}]},
        ),
    ],
)
def test_same_meaning_is_equal(one, other):
    assert canonical_spec(one) == canonical_spec(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"types": ["Egress"]}, {}),
        ({"tier": "security"}, {}),
        ({"order": 0}, {}),
        ({"applyOnForward": True}, {}),
        ({"egress": [{"action": "Allow"}, {"action": "Deny"}]}, {"egress": [{"action": "Deny"}, {"action": "Allow"}]}),
        ({"egress": [{"action": "Allow", "destination": {"ports": [80]}}]}, {"egress": [{"action": "Allow"}]}),
    ],
)
def test_other_meaning_is_not(one, other):
    assert canonical_spec(one) != canonical_spec(other)
