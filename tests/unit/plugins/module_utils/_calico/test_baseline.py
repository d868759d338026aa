# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The default baseline is the four policies as first published, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.netguard.calico.plugins.module_utils._calico.baseline import (
    Placeholders,
    default_manifests,
    labelled,
)
from ansible_collections.netguard.calico.plugins.module_utils._calico.manifest import SourcedManifest, parse_policies

SEED = Path(__file__).resolve().parents[6] / "shared" / "seed-policies.yaml"


def by_name(manifests):
    return {manifest["metadata"]["name"]: manifest for manifest in manifests}


def test_defaults_are_the_published_four():
    published = yaml.safe_load((Path(__file__).parent / "seed-policies.yaml").read_text())["items"]
    assert len(published) == 4
    assert by_name(default_manifests(Placeholders())) == by_name(published)


@pytest.mark.skipif(not SEED.exists(), reason="the published text is not beside this checkout")
def test_the_copy_is_the_published_text():
    published = list(yaml.safe_load_all(SEED.read_text()))
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
