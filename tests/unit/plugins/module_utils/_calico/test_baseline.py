# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default baseline is the four policies as first published, and nothing else."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import (
    Placeholders,
    default_manifests,
    labelled,
)
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies


def by_name(manifests):
    return {manifest["metadata"]["name"]: manifest for manifest in manifests}


def test_defaults_are_the_published_four():
    published = list(yaml.safe_load_all((Path(__file__).parent / "seed-policies.yaml").read_text()))
    assert len(published) == 4
    assert by_name(default_manifests(Placeholders())) == by_name(published)


def test_placeholders_reach_the_policies():
    manifests = by_name(
        default_manifests(Placeholders("zone == 'vault'", "trusted", ["10.9.0.0/16"], "team == 'backup'"))
    )
    deny, allow = manifests["global-egress-deny"]["spec"], manifests["global-egress-allow"]["spec"]
    assert deny["egress"][0]["destination"] == {"selector": "zone == 'vault'"}
    assert deny["namespaceSelector"] == "(! has(trusted))"
    assert manifests["global-privileged-namespace"]["spec"]["namespaceSelector"] == "has(trusted)"
    assert allow["egress"][0]["destination"]["nets"] == ["10.9.0.0/16"]
    assert allow["egress"][0]["source"] == {"namespaceSelector": "team == 'backup'"}


def test_label_names_the_baseline():
    policy = parse_policies([SourcedManifest("it", default_manifests(Placeholders())[0])])[0]
    assert labelled(policy, "edge").manifest()["metadata"]["labels"] == {"netguard.calico/baseline": "edge"}
