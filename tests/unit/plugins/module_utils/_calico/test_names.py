# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and labels, as Kubernetes and Calico take them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._calico import names

LONG = "a" * 63
SUBDOMAINS = ["a", "0", "a-b", "a--b", "a.b", "a.b.c", "a" * 253]
NEVER = ["", "-a", "a-", "A", "a_b", "a b", "é", "a\n", "a/b", "a..b", ".a", "a."]


@pytest.mark.parametrize(
    ("holds", "yes", "no"),
    [
        (names.is_subdomain, [*SUBDOMAINS, "a" * 300], NEVER),
        (names.is_object_name, SUBDOMAINS, [*NEVER, "a" * 254]),
        (names.is_label_name, ["a", "0", "a-b", LONG], [*NEVER, "a.b", f"{LONG}a"]),
        (names.is_global_policy_name, ["a", "a-b", "a.b", "a" * 253], [*NEVER, "a.b.c", "knp.default.a", "a" * 254]),
        (
            names.is_policy_name,
            ["a", "a.b", "knp.default.a", "knp.default.a.b.c", "ossg.default.x"],
            [*NEVER, "a.b.c", "knp.a.b", "knp.default.", "knp.default.A", f"knp.default.{'a' * 253}"],
        ),
        (
            names.is_label_key,
            ["a", "A_b.C-d", "a/b", "a.b/C_d", LONG, f"{'a' * 253}/b"],
            ["", "-a", "a-", "/a", "a/", "a/b/c", "A/b", "a b", "é", f"{LONG}a", f"{'a' * 254}/b", "a\n"],
        ),
        (names.is_annotation_key, ["a", "A/b", "a/B"], ["", "a/", "a/b/c", "a b"]),
        (names.is_label_value, ["", "a", "A.b_c-d", "0", LONG], ["-a", "a-", "a b", "a/b", "é", f"{LONG}a", "a\n"]),
        (names.is_port_name, ["http", "a1", "1a", "a-b", "a" * 15], ["", "80", "1-2", "-a", "a-", "a--b", "A", "a.b", "a" * 16]),
        (names.is_interface, ["*", "eth0", "Eth0.1_a-b", "a" * 15], ["", "eth0:1", "cali*", "a b", "a" * 16, "eth0\n"]),
    ],
)  # fmt: skip
def test_names(holds: Callable[[str], bool], yes: list[str], no: list[str]) -> None:
    assert [text for text in yes if not holds(text)] == []
    assert [text for text in no if holds(text)] == []
