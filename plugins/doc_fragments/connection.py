# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options in module_utils/_module/arguments.py CONNECTION."""

from __future__ import annotations


class ModuleDocFragment:
    """How a module reaches the cluster."""

    DOCUMENTATION = r"""
options:
  connection:
    description:
      - Where credentials come from.
      - V(auto) uses O(host) with its credentials where given, otherwise a kubeconfig.
      - V(in_cluster) uses the service account of the pod that the task runs in. It is never chosen by itself, since a
        job would then act on the cluster that its runner happens to run in. E(K8S_AUTH_IN_CLUSTER=true) asks for it too.
      - With it, another server, other credentials and another certificate are an error where the task gives them, and set
        aside with a warning where the environment does. Impersonation and the proxy are used.
    type: str
    choices: [auto, in_cluster]
    default: auto
  host:
    description:
      - URL of the Kubernetes API server. Also E(K8S_AUTH_HOST).
      - Where the task names another server, a kubeconfig or a context, E(K8S_AUTH_HOST) and the credentials and TLS settings
        that the environment has beside it are set aside with a warning. Without E(K8S_AUTH_HOST), the environment's
        credentials are used with what the task names.
    type: str
  api_key:
    description:
      - Bearer token. Also E(K8S_AUTH_API_KEY).
    type: str
  kubeconfig:
    description:
      - Path of a kubeconfig file, or its content as a dictionary. Also E(K8S_AUTH_KUBECONFIG).
      - Without it, E(KUBECONFIG) and then C(~/.kube/config) are tried.
      - It is read where the task runs.
    type: raw
  context:
    description:
      - Context of the kubeconfig. Also E(K8S_AUTH_CONTEXT).
    type: str
  username:
    description:
      - User name for basic authentication. Also E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - Password for basic authentication. Also E(K8S_AUTH_PASSWORD).
    type: str
  client_cert:
    description:
      - Path of a client certificate. Also E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the key of O(client_cert). Also E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - Path of the certificates that the server's certificate is verified with. Also E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether the server's certificate is verified. It is, unless this or E(K8S_AUTH_VERIFY_SSL) says otherwise.
      - Verification that is off by the environment alone is obeyed, warned about, and returned in RV(ignore:cluster).
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - URL of an HTTP proxy. Also E(K8S_AUTH_PROXY). Without it that of the kubeconfig, then E(HTTPS_PROXY).
      - A password in it is censored, the rest of it shows.
    type: str
  no_proxy:
    description:
      - Comma separated hosts that are reached without the proxy. Also E(K8S_AUTH_NO_PROXY), then E(NO_PROXY).
    type: str
  proxy_headers:
    description:
      - Headers for the proxy.
    type: dict
    suboptions:
      basic_auth:
        description:
          - C(user:password) for the server behind the proxy. Also E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH).
        type: str
      proxy_basic_auth:
        description:
          - C(user:password) for the proxy. Also E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH).
        type: str
      user_agent:
        description:
          - User agent shown to the proxy. Also E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
        type: str
  impersonate_user:
    description:
      - User to act as. Also E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as. Also E(K8S_AUTH_IMPERSONATE_GROUPS), comma separated.
    type: list
    elements: str
  expected_cluster_uid:
    description:
      - uid of the namespace C(kube-system). Another cluster, or one whose uid cannot be read, is refused.
    type: str
  require_tls:
    description:
      - Refuse to go on where the server's certificate is not verified, for whatever reason.
    type: bool
    default: false
requirements:
  - python >= 3.10
  - kubernetes >= 31, < 38, not 36.0.0 and 36.0.1
  - PyYAML >= 6
"""
