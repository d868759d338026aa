# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done about one Service, in either state."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.netguard.calico.plugins.module_utils._service.external_traffic_policy import (
    BROKEN,
    IGNORED,
    NOT_APPLICABLE,
    OPT_OUT,
    ORIGINAL,
    TO_CHANGE,
    UNCHANGED,
    Absent,
    Present,
)

RECORD = json.dumps({"externalTrafficPolicy": "Cluster"})


def service(kind: str = "NodePort", value: str | None = "Cluster", **annotations: str) -> dict[str, Any]:
    spec = {"type": kind, **({"externalTrafficPolicy": value} if value else {})}
    metadata = {"namespace": "shop", "name": "web", "resourceVersion": "7", "annotations": annotations}
    return {"metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("found", "present", "absent"),
    [
        (service(), TO_CHANGE, UNCHANGED),
        (service(value="Local"), UNCHANGED, UNCHANGED),
        (service(value="Local", **{ORIGINAL: RECORD}), UNCHANGED, TO_CHANGE),
        (service(value="Local", **{ORIGINAL: "{"}), UNCHANGED, BROKEN),
        (service("ClusterIP", None), NOT_APPLICABLE, UNCHANGED),
        (service("ClusterIP", None, **{ORIGINAL: RECORD}), NOT_APPLICABLE, TO_CHANGE),
        (service(**{OPT_OUT: "other"}), TO_CHANGE, UNCHANGED),
        (service(**{OPT_OUT: "ignore"}), IGNORED, IGNORED),
        (service(value="Local", **{OPT_OUT: "ignore", ORIGINAL: RECORD}), IGNORED, IGNORED),
        (service(value="Local", **{OPT_OUT: "ignore", ORIGINAL: "{"}), IGNORED, IGNORED),
    ],
)
def test_what_is_to_be_done(found: dict[str, Any], present: str, absent: str) -> None:
    assert (Present().decide(found).status, Absent().decide(found).status) == (present, absent)
