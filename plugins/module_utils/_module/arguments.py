# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument fragments that several modules share; plugins/doc_fragments documents them under the same names."""

from __future__ import annotations

from typing import Any

from .._plan.check_ids import LOCKOUT_CHECKS

Arguments = dict[str, dict[str, Any]]

CONNECTION: Arguments = {
    "connection": {"type": "str", "choices": ["auto", "in_cluster"], "default": "auto"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    # Everything in it is censored until the secrets are known; see run.py.
    "kubeconfig": {"type": "raw", "no_log": True},
    "context": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "no_log": False, "aliases": ["key_file"]},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    # Its password is a secret, the rest of it is not; see run.py.
    "proxy": {"type": "str", "no_log": True},
    "no_proxy": {"type": "str"},
    "proxy_headers": {
        "type": "dict",
        "options": {
            "basic_auth": {"type": "str", "no_log": True},
            "proxy_basic_auth": {"type": "str", "no_log": True},
            "user_agent": {"type": "str"},
        },
    },
    "impersonate_user": {"type": "str"},
    "impersonate_groups": {"type": "list", "elements": "str"},
    "expected_cluster_uid": {"type": "str"},
    "require_tls": {"type": "bool", "default": False},
}

POLICIES: Arguments = {
    "name": {"type": "str", "default": "default"},
    "policies": {"type": "list", "elements": "dict"},
    "src": {"type": "path"},
    "default_policies": {
        "type": "dict",
        "options": {
            "egress_deny_selector": {"type": "str"},
            "privileged_namespace_label": {"type": "str"},
            "egress_allow_nets": {"type": "list", "elements": "str"},
            "egress_allow_namespace_selector": {"type": "str"},
        },
    },
}
POLICIES_EXCLUSIVE = [("policies", "src", "default_policies")]

SELECTION: Arguments = {
    "namespaces": {"type": "list", "elements": "str"},
    "exclude_namespaces": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
    "label_selector": {"type": "str"},
    "types": {"type": "list", "elements": "str", "choices": ["ClusterIP", "NodePort", "LoadBalancer"]},
}

# How a plan is held to what was agreed upon, and what it may do.
PLAN: Arguments = {
    "plan_digest": {"type": "str"},
    "take_over": {"type": "bool", "default": False},
    "expectations": {"type": "list", "elements": "dict"},
    "lockout_checks": {"type": "list", "elements": "str", "choices": list(LOCKOUT_CHECKS)},
    "control_node_address": {"type": "str"},
    "on_unknown": {"type": "str", "choices": ["refuse", "warn"], "default": "refuse"},
    "on_opened": {"type": "str", "choices": ["warn", "refuse"], "default": "warn"},
    "allow_interruption": {"type": "bool", "default": False},
}

UNDO: Arguments = {
    "backup": {"type": "path"},
    "backup_job": {"type": "str"},
    "on_failure": {"type": "str", "choices": ["stop", "restore"], "default": "stop"},
}

WAIT: Arguments = {
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 300},
}

# Its keys are checked in checks.py: Ansible keeps the name `message` from argument specifications.
CHECKS: Arguments = {"checks": {"type": "list", "elements": "dict"}}

VERDICTS: Arguments = {
    "connections": {"type": "list", "elements": "dict"},
    "resources": {"type": "list", "elements": "dict"},
    "src": {"type": "path"},
    "change": {
        "type": "dict",
        "options": {
            "present": {"type": "list", "elements": "dict"},
            "absent": {"type": "list", "elements": "dict"},
        },
    },
    "staged": {"type": "str", "choices": ["ignore", "enforce"], "default": "ignore"},
}
