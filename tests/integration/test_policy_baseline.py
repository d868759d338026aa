# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""policy_baseline against a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_run import Ansible
from cluster_content import Content
from conftest import policy
from contract import Contract
from control_plane import ControlPlane
from requests_seen import Requests

DEFAULTS = ["global-default", "global-egress-deny", "global-egress-allow", "global-privileged-namespace"]
ALLOW = policy("a", order=10, types=["Ingress"], ingress=[{"action": "Allow", "source": {}}])


def orders(content: Content) -> dict[str, Any]:
    """Name and order of every policy, which is what these tests change."""
    return {name: item["spec"].get("order") for name, item in content.policies().items()}


def said(result: dict[str, Any]) -> Any:
    steps = [(s["action"], s["name"], [d["path"] for d in s["difference"]]) for s in result["plan"]]
    return steps, result["adopted"], [(d["before"], d["after"]) for d in result["diff"]]


def test_twelve_steps(contract: Callable[..., Contract], content: Content) -> None:
    steps = contract("policy_baseline", said, lambda: orders(content))
    content.policy("of-somebody-else", order=1)
    other = {"of-somebody-else": 1}
    first = [ALLOW, policy("b", order=20)]
    steps.step({"policies": first}, 2, {"a": 10, "b": 20, **other})
    second = [ALLOW, policy("b", order=21)]
    steps.step({"policies": second}, 1, {"a": 10, "b": 21, **other})
    steps.step({"policies": second, "state": "absent"}, 2, other)


def test_the_default_baseline_is_written_from_the_closing_allow_on(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline")
    assert [step["name"] for step in answer.result["plan"]] == DEFAULTS
    assert len(seen.writes) == 4
    assert {item["metadata"]["labels"]["netguard.calico/baseline"] for item in content.policies().values()} == {
        "default"
    }


def test_a_field_that_somebody_added_is_taken_away(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    content.patch_policy("a", selector="app == 'web'")
    answer = ansible.module("policy_baseline", policies=[ALLOW])
    assert [d["path"] for d in answer.result["plan"][0]["difference"]] == ["spec.selector"]
    assert "selector" not in content.policies()["a"]["spec"]


def test_foreign_labels_and_annotations_are_kept(ansible: Ansible, content: Content) -> None:
    content.policy("a", labels={"team": "blue"}, order=5)
    answer = ansible.module("policy_baseline", policies=[ALLOW])
    assert answer.result["adopted"] == ["a"]
    assert content.policies()["a"]["metadata"]["labels"]["team"] == "blue"


def test_what_means_the_same_is_no_difference(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    same = policy("a", order=10.0, types=["Ingress"], ingress=[{"action": "Allow", "destination": {}}], tier="default")
    with requests() as seen:
        answer = ansible.module("policy_baseline", policies=[same])
    assert (answer.changed, seen.writes) == (False, [])


def test_absent_leaves_what_belongs_to_somebody_else(ansible: Ansible, content: Content) -> None:
    content.policy("a", order=5)
    answer = ansible.module("policy_baseline", state="absent", policies=[ALLOW, policy("b", order=1)])
    assert answer.failed
    assert "a exists with another spec and without the label netguard.calico/baseline" in answer.result["msg"]
    assert set(content.policies()) == {"a"}


def test_absent_removes_an_unlabelled_policy_of_equal_spec(ansible: Ansible, content: Content) -> None:
    content.policy("a", **ALLOW["spec"])
    assert ansible.module("policy_baseline", state="absent", policies=[ALLOW]).changed
    assert content.policies() == {}


def test_a_policy_of_another_baseline_is_not_touched(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", name="edge", policies=[ALLOW])
    for state in ("present", "absent"):
        answer = ansible.module("policy_baseline", name="core", policies=[policy("a", order=11)], state=state)
        assert "belongs to the baseline edge, not to core" in answer.result["msg"]
    assert orders(content) == {"a": 10}


@pytest.fixture
def refusing_site(content: Content) -> Iterator[None]:
    """A site whose own admission policy lets no policy have the name b."""
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
    rules = [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["globalnetworkpolicies"]}]
    validations = [{"expression": "object.metadata.name != 'b'", "message": "no policy is called b here"}]
    spec = {"matchConstraints": {"resourceRules": rules}, "validations": validations}
    content.request("POST", f"{path}ies", {"metadata": {"name": "names"}, "spec": spec})
    binding = {"policyName": "names", "validationActions": ["Deny"]}
    content.request("POST", f"{path}ybindings", {"metadata": {"name": "names"}, "spec": binding})
    content.until_refused("b")
    yield
    content.request("DELETE", f"{path}ybindings/names")
    content.request("DELETE", f"{path}ies/names")


@pytest.mark.usefixtures("native_only", "refusing_site")
def test_a_policy_that_the_server_refuses_stops_all_before_the_first_write(
    ansible: Ansible, requests: Callable[[], Requests], content: Content
) -> None:
    with requests() as seen:
        answer = ansible.module("policy_baseline", policies=[ALLOW, policy("b", order=1)])
    assert answer.failed
    assert answer.result["code"] == "refused"
    assert "no policy is called b here" in answer.result["msg"]
    assert (seen.writes, content.policies()) == ([], {})


def test_what_is_rarely_meant_is_a_warning_in_check_mode_too(ansible: Ansible) -> None:
    odd = policy("a", order=1, types=["Ingress"], namespaceSelector="!has(vip)", egress=[{"action": "Allow"}])
    for check in (True, False):
        said = ansible.module("policy_baseline", check=check, policies=[odd]).result["warnings"]
        assert [text.split(": ")[:2] for text in said] == [
            ["GlobalNetworkPolicy a", "spec.namespaceSelector"],
            ["GlobalNetworkPolicy a", "spec.egress"],
        ]
    assert "warnings" not in ansible.module("policy_baseline", state="absent", policies=[odd]).result
    assert (
        "spec.order: is missing"
        in ansible.module("global_network_policy", definition=policy("b")).result["warnings"][0]
    )


def test_the_diff_shows_both_ends_without_what_the_server_numbers(ansible: Ansible, content: Content) -> None:
    ansible.module("policy_baseline", policies=[ALLOW])
    changed = policy("a", order=11, types=["Ingress"])
    (diff,) = ansible.module("policy_baseline", diff=True, policies=[changed]).result["diff"]
    assert diff["before_header"] == "GlobalNetworkPolicy a (in the cluster)"
    assert (diff["before"]["spec"]["order"], diff["after"]["spec"]["order"]) == (10, 11)
    assert not {"managedFields", "resourceVersion", "uid"} & set(diff["after"]["metadata"])


@pytest.mark.parametrize("as_list", [True, False])
def test_policies_may_come_from_a_file(ansible: Ansible, content: Content, tmp_path: Path, as_list: bool) -> None:
    file = tmp_path / "baseline.yml"
    documents = [{"apiVersion": "v1", "kind": "List", "items": [ALLOW]}] if as_list else [ALLOW, policy("b")]
    file.write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    assert not ansible.module("policy_baseline", src=str(file)).failed
    assert set(content.policies()) == ({"a"} if as_list else {"a", "b"})


# Values with an origin, out of templates and marked as unsafe, all of which newer releases of ansible-core carry as tags.
PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    area: red
    braces: !unsafe "{{ not for Ansible }}"
    wanted:
      apiVersion: projectcalico.org/v3
      kind: GlobalNetworkPolicy
      metadata: {name: a, annotations: {note: "{{ braces }}"}}
      spec: {order: 10, selector: "area == '{{ area }}'", types: [Ingress]}
  tasks:
    - netguard.calico.policy_baseline:
        kubeconfig: "{{ path }}"
        policies: ["{{ wanted }}"]
"""


def test_what_a_play_makes_of_its_variables_is_written_as_plain_data(
    ansible: Ansible, plane: ControlPlane, content: Content, tmp_path: Path
) -> None:
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAY, encoding="utf-8")
    for changed in (True, False):
        run = ansible.playbook(str(playbook), f"-e path={plane.kubeconfig}")
        assert run.code == 0, run.output
        (result,) = run.of_module("netguard.calico.policy_baseline")
        assert result["changed"] is changed
    written = content.policies()["a"]
    assert written["metadata"]["annotations"]["note"] == "{{ not for Ansible }}"
    assert (written["spec"]["selector"], written["spec"]["order"]) == ("area == 'red'", 10)
