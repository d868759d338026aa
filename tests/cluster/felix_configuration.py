# SPDX-FileCopyrightText: 2026 the netguard.calico contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of FelixConfiguration, grouped by what a value of them looks like."""

from __future__ import annotations

from schema import (
    BOOLEAN,
    FORBIDDEN,
    INT_OR_STRING,
    Schema,
    array,
    fields,
    integer,
    mapping,
    matching,
    one_of,
    one_of_any_case,
    rule,
    text,
)

_BOOLEANS = """
allowIPIPPacketsFromWorkloads allowVXLANPacketsFromWorkloads bpfConnectTimeLoadBalancingEnabled bpfDisableUnprivileged
bpfEnabled bpfHostConntrackBypass bpfIPFragmentReassemblyEnabled bpfKubeProxyIptablesCleanupEnabled
bpfPolicyDebugEnabled debugDisableLogDropping disableConntrackInvalidCheck endpointReportingEnabled
flowLogsCollectorDebugTrace genericXDPEnabled healthEnabled ipipEnabled ipv6Support prometheusGoMetricsEnabled
prometheusMetricsEnabled prometheusProcessMetricsEnabled prometheusWireGuardMetricsEnabled removeExternalRoutes
requireMTUFile routeSyncDisabled sidecarAccelerationEnabled usageReportingEnabled useInternalDataplaneDriver
vxlanEnabled wireguardEnabled wireguardEnabledV6 wireguardHostEncryptionEnabled wireguardThreadingEnabled xdpEnabled
"""

_INTEGERS = """
bpfExportBufferSizeMB bpfExtToServiceConnmark bpfKubeProxyHealthzPort bpfMaglevMaxEndpointsPerService
bpfMaglevMaxServices bpfMapSizeConntrack bpfMapSizeIPSets bpfMapSizeIfState bpfMapSizeNATAffinity
bpfMapSizeNATBackend bpfMapSizeNATFrontend bpfMapSizePerCpuConntrack bpfMapSizeRoute debugPort deviceRouteProtocol
goGCThreshold goMaxProcs goMemoryLimitMB healthPort ipipMTU ipv4ElevatedRoutePriority ipv4NormalRoutePriority
ipv6ElevatedRoutePriority ipv6NormalRoutePriority maxIpsetSize metadataPort prometheusMetricsPort vxlanMTU vxlanMTUV6
vxlanPort vxlanVNI wireguardListeningPort wireguardListeningPortV6 wireguardMTU wireguardMTUV6
wireguardRoutingRulePriority
"""

_STRINGS = """
bpfCTLBLogFilter bpfDataIfacePattern bpfDisableGROForIfaces bpfL3IfacePattern cgroupV2Path dataplaneDriver
dataplaneWatchdogTimeout debugHost debugMemoryProfilePath endpointStatusPathPrefix flowLogsGoldmaneServer healthHost
interfaceExclude interfacePrefix iptablesNATOutgoingInterfaceFilter localSubnetL2ReachabilityRefreshInterval
logDebugFilenameRegex logFilePath metadataAddr mtuIfacePattern nftablesFlowTableDataIfacePattern
nftablesRefreshInterval openstackRegion policySyncPathPrefix prometheusMetricsCAFile prometheusMetricsCertFile
prometheusMetricsHost prometheusMetricsKeyFile wireguardInterfaceName wireguardInterfaceNameV6
"""

_DURATIONS = """
bpfIPFragTimeout bpfKubeProxyMinSyncPeriod debugSimulateCalcGraphHangAfter debugSimulateDataplaneApplyDelay
debugSimulateDataplaneHangAfter endpointReportingDelay flowLogsFlushInterval interfaceRefreshInterval
ipsetsRefreshInterval iptablesLockProbeInterval iptablesPostWriteCheckInterval iptablesRefreshInterval
liveMigrationRouteConvergenceTime netlinkTimeout reportingInterval reportingTTL routeRefreshInterval
usageReportingInitialDelay usageReportingInterval wireguardKeepAlive xdpRefreshInterval
"""

_STRING_LISTS = "bpfDSROptoutCIDRs bpfExcludeCIDRsFromNAT bpfForceTrackPacketsFromIfaces externalNodesList"

_INTS_OR_STRINGS = "bpfPSNATPorts istioDSCPMark natPortRange"

_SWITCHES = """
bpfHostNetworkedNATWithoutCTLB bpfProfiling bpfRedirectToPeer floatingIPs flowLogsLocalReporter ipForwarding
istioAmbientMode windowsManageFirewallRules
"""

_ENUMS = {
    "awsSrcDstCheck": "DoNothing Enable Disable",
    "bpfAttachType": "TC TCX Netkit",
    "bpfConnectTimeLoadBalancing": "TCP Enabled Disabled",
    "bpfConntrackLogLevel": "Off Debug",
    "bpfConntrackMode": "Auto Userspace BPFProgram",
    "bpfJITHardening": "Auto Strict",
    "bpfOverlayHostSourceIP": "TunnelAddress HostAddress",
    "flowLogsPolicyEvaluationMode": "None Continuous",
    "iptablesBackend": "Legacy NFT Auto",
    "localSubnetL2Reachability": "Disabled PodsAndLoadBalancers",
    "natOutgoingExclusions": "IPPoolsOnly IPPoolsAndHostIPs",
    "programClusterRoutes": "Enabled Disabled EnabledIPIPOnly EnabledNoEncapOnly",
    "prometheusMetricsClientAuth": (
        "RequireAndVerifyClientCert RequireAnyClientCert VerifyClientCertIfGiven NoClientCert"
    ),
}

_ANY_CASE_ENUMS = {
    "bpfEnforceRPF": "Disabled Strict Loose",
    "bpfExternalServiceMode": "Tunnel DSR",
    "bpfLogLevel": "Off Info Debug",
    "bpfMapSizeConntrackScaling": "Disabled DoubleIfFull",
    "chainInsertMode": "Insert Append",
    "defaultEndpointToHostAction": "Drop Accept Return",
    "iptablesFilterAllowAction": "Accept Return",
    "iptablesFilterDenyAction": "Drop Reject",
    "iptablesMangleAllowAction": "Accept Return",
    "logSeverityFile": "Trace Debug Info Warning Error Fatal",
    "logSeverityScreen": "Trace Debug Info Warning Error Fatal",
    "logSeveritySys": "Trace Debug Info Warning Error Fatal",
    "nftablesFilterAllowAction": "Accept Return",
    "nftablesFilterDenyAction": "Drop Reject",
    "nftablesMangleAllowAction": "Accept Return",
    "routeSource": "WorkloadIPs CalicoIPAM",
    "serviceLoopPrevention": "Drop Reject Disabled",
    "workloadSourceSpoofing": "Disabled Any",
}

_CONNTRACK_TIMEOUTS = """
creationGracePeriod genericTimeout icmpTimeout tcpEstablished tcpFinsSeen tcpResetSeen tcpSynSent udpTimeout
"""

_DURATION = matching(r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))*$")
_DURATION_OR_AUTO = matching(r"^(([0-9]*(\.[0-9]*)?(ms|s|h|m|us)+)+|Auto)$")
_MARK_MASK = integer(0, 2**32 - 1, format="int64")


def felix_configuration() -> tuple[Schema, list[Schema]]:
    """The spec of a FelixConfiguration, and the rules over the whole object."""
    names_without_selector = "self.metadata.name == 'default' || self.metadata.name.startsWith('node.')"
    for_one_node = rule(
        f"!({names_without_selector}) || !has(self.spec.nodeSelector)",
        "neither 'default' nor a node's own configuration has a nodeSelector",
        FORBIDDEN,
    )
    table = {**_plain_fields(), **_enumerated_fields(), **_special_fields()}
    return fields(dict(sorted(table.items())), rules=_spec_rules()), [for_one_node]


def _plain_fields() -> dict[str, Schema]:
    """The fields of which any value of the type will do."""
    groups = [
        (_BOOLEANS, BOOLEAN),
        (_INTEGERS, integer()),
        (_STRINGS, text()),
        (_DURATIONS, _DURATION),
        (_STRING_LISTS, array(text())),
        (_INTS_OR_STRINGS, INT_OR_STRING),
    ]
    return {name: schema for names, schema in groups for name in names.split()}


def _enumerated_fields() -> dict[str, Schema]:
    """The fields that have a few values by name."""
    switches = {name: one_of("Enabled", "Disabled") for name in _SWITCHES.split()}
    exact = {name: one_of(*values.split()) for name, values in _ENUMS.items()}
    any_case = {name: one_of_any_case(*values.split()) for name, values in _ANY_CASE_ENUMS.items()}
    defaulted = {
        "nftablesFlowTableOffload": one_of("All", "Disabled", default="Disabled"),
        "nftablesMode": one_of("Disabled", "Enabled", "Auto", default="Auto"),
    }
    return {**switches, **exact, **any_case, **defaulted}


def _special_fields() -> dict[str, Schema]:
    """The fields with a shape of their own."""
    failsafe_ports = array(fields({"net": text(), "port": integer(), "protocol": text()}, required=["port"]))
    overrides = array(fields({"name": text(), "timeout": text()}, required=["name", "timeout"]), "atomic")
    return {
        "bpfConntrackTimeouts": fields({name: _DURATION_OR_AUTO for name in _CONNTRACK_TIMEOUTS.split()}),
        "bpfLogFilters": mapping(text()),
        "bpfMapSizeConntrackCleanupQueue": integer(1),
        "deviceRouteSourceAddress": text(45),
        "deviceRouteSourceAddressIPv6": text(45),
        "failsafeInboundHostPorts": failsafe_ports,
        "failsafeOutboundHostPorts": failsafe_ports,
        "featureDetectOverride": matching(r"^([a-zA-Z0-9-_]+=(true|false|),)*([a-zA-Z0-9-_]+=(true|false|))?$"),
        "featureGates": matching(r"^([a-zA-Z0-9-_]+=([^=]+),)*([a-zA-Z0-9-_]+=([^=]+))?$"),
        "healthTimeoutOverrides": overrides,
        "iptablesMarkMask": _MARK_MASK,
        "kubeNodePortRanges": array(INT_OR_STRING, maximum=7),
        "logActionRateLimit": matching(r"^[1-9]\d{0,3}/(?:second|minute|hour|day)$"),
        "logActionRateLimitBurst": integer(0, 9999),
        "logPrefix": matching(r"^([a-zA-Z0-9%: /_-])*$"),
        "natOutgoingAddress": text(45),
        "nftablesMarkMask": _MARK_MASK,
        "nodeSelector": text(1024),
        "routeTableRange": _table_range("self.min >= 1 && self.max >= self.min && self.max <= 250"),
        "routeTableRanges": array(_table_range("self.min >= 1 && self.max >= self.min")),
    }


def _table_range(condition: str) -> Schema:
    """A range of routing table numbers."""
    limits = {"min": integer(), "max": integer()}
    return fields(limits, required=["min", "max"], rules=[rule(condition, "not a range of routing tables")])


def _spec_rules() -> list[Schema]:
    """What the fields demand of each other, and addresses of their family."""
    ranges = rule("!has(self.routeTableRange) || !has(self.routeTableRanges)", "two route table settings", FORBIDDEN)
    return [
        ranges,
        _address("natOutgoingAddress", 4),
        _address("deviceRouteSourceAddress", 4),
        _address("deviceRouteSourceAddressIPv6", 6),
    ]


def _address(field: str, family: int) -> Schema:
    """The rule that a field is empty or an address of the family."""
    is_address = f"isIP(self.{field}) && ip(self.{field}).family() == {family}"
    return rule(f"!has(self.{field}) || self.{field} == '' || ({is_address})", f"{field} is not an IPv{family} address")
