# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one writes who has no module for it: the Kubernetes client patches Services to Local, some at a time.

Called with a kubeconfig, the Services' namespace, and how many they are; they are called s0, s1 and so on.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from kubernetes import client, config

# As many as the module sends; the client keeps so many connections if it is told so.
AT_A_TIME = 8


def main(arguments: Sequence[str]) -> None:
    kubeconfig, namespace, count = arguments
    configuration = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=configuration)
    configuration.connection_pool_maxsize = AT_A_TIME
    core = client.CoreV1Api(client.ApiClient(configuration))
    body = {"spec": {"externalTrafficPolicy": "Local"}}
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        list(pool.map(lambda number: core.patch_namespaced_service(f"s{number}", namespace, body), range(int(count))))


if __name__ == "__main__":
    main(sys.argv[1:])
