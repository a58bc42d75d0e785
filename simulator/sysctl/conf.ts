/**
 * Per-device settings: net.ipv4.conf, net.ipv6.conf and net.ipv4.neigh / net.ipv6.neigh, with the values of a fresh kernel.
 * Read first: Documentation/networking/ip-sysctl.rst, net/ipv4/devinet.c (devinet_conf_proc), net/core/neighbour.c
 */
import type { Conf4, Conf6, NeighbourParameters } from '../kernel/state.ts';

/** net.ipv4.conf.all; `default` differs only in accept_source_route, lo in disable_policy and disable_xfrm. */
export function freshConf4(): Conf4 {
  return {
    accept_local: 0, accept_redirects: 1, accept_source_route: 0, arp_accept: 0, arp_announce: 0, arp_evict_nocarrier: 1, arp_filter: 0,
    arp_ignore: 0, arp_notify: 0, bc_forwarding: 0, bootp_relay: 0, disable_policy: 0, disable_xfrm: 0, drop_gratuitous_arp: 0,
    drop_unicast_in_l2_multicast: 0, force_igmp_version: 0, forwarding: 0, igmpv2_unsolicited_report_interval: 10000,
    igmpv3_unsolicited_report_interval: 1000, ignore_routes_with_linkdown: 0, log_martians: 0, mc_forwarding: 0, medium_id: 0,
    promote_secondaries: 0, proxy_arp: 0, proxy_arp_pvlan: 0, route_localnet: 0, rp_filter: 0, secure_redirects: 1, send_redirects: 1,
    shared_media: 1, src_valid_mark: 0, tag: 0,
  };
}

/** net.ipv6.conf.default; `all` and lo differ (see `freshConf6All`). */
export function freshConf6(): Conf6 {
  return {
    accept_dad: 1, accept_ra: 1, accept_ra_defrtr: 1, accept_ra_from_local: 0, accept_ra_min_hop_limit: 1, accept_ra_min_lft: 0,
    accept_ra_mtu: 1, accept_ra_pinfo: 1, accept_ra_rt_info_max_plen: 0, accept_ra_rt_info_min_plen: 0, accept_ra_rtr_pref: 1,
    accept_redirects: 1, accept_source_route: 0, accept_untracked_na: 0, addr_gen_mode: 0, autoconf: 1, dad_transmits: 1, disable_ipv6: 0,
    disable_policy: 0, drop_unicast_in_l2_multicast: 0, drop_unsolicited_na: 0, enhanced_dad: 1, force_forwarding: 0, force_mld_version: 0,
    force_tllao: 0, forwarding: 0, hop_limit: 64, ignore_routes_with_linkdown: 0, ioam6_enabled: 0, ioam6_id: 65535, ioam6_id_wide:
    4294967295, keep_addr_on_down: 0, max_addresses: 16, max_desync_factor: 600, mc_forwarding: 0, mldv1_unsolicited_report_interval: 10000,
    mldv2_unsolicited_report_interval: 1000, mtu: 1500, ndisc_evict_nocarrier: 1, ndisc_notify: 0, ndisc_tclass: 0, optimistic_dad: 0,
    proxy_ndp: 0, ra_defrtr_metric: 1024, ra_honor_pio_life: 0, ra_honor_pio_pflag: 0, regen_max_retry: 3, regen_min_advance: 2,
    router_probe_interval: 60, router_solicitation_delay: 1, router_solicitation_interval: 4, router_solicitation_max_interval: 3600,
    router_solicitations: -1, rpl_seg_enabled: 0, seg6_enabled: 0, seg6_require_hmac: 0, suppress_frag_ndisc: 1, temp_prefered_lft: 86400,
    temp_valid_lft: 604800, use_oif_addrs_only: 0, use_optimistic: 0, use_tempaddr: 0,
  };
}

export function freshConf6All(): Conf6 {
  return { ...freshConf6(), accept_dad: 0, mtu: 1280 };
}

/** Names as below net/ipv4/neigh/, field of the record, and how text relates to it. */
export const NEIGHBOUR_KEYS: readonly (readonly [name: string, field: keyof NeighbourParameters & string, unit: 'ms' | 'seconds' | 'jiffies' | 'count'])[] = [
  ['anycast_delay', 'anycastDelayMs', 'jiffies'], ['app_solicit', 'applicationProbes', 'count'], ['base_reachable_time_ms', 'baseReachableMs', 'ms'],
  ['delay_first_probe_time', 'delayFirstProbeMs', 'seconds'], ['gc_stale_time', 'staleGcMs', 'seconds'], ['interval_probe_time_ms', 'intervalProbeMs', 'ms'],
  ['locktime', 'lockMs', 'jiffies'], ['mcast_resolicit', 'multicastReprobes', 'count'], ['mcast_solicit', 'multicastProbes', 'count'], ['proxy_delay', 'proxyDelayMs', 'jiffies'],
  ['proxy_qlen', 'proxyQueueLength', 'count'], ['retrans_time_ms', 'retransmitMs', 'ms'], ['ucast_solicit', 'unicastProbes', 'count'], ['unres_qlen', 'queueLength', 'count'],
  ['unres_qlen_bytes', 'queueLengthBytes', 'count'],
];

export function freshNeighbourParameters(family: 'inet' | 'inet6'): NeighbourParameters {
  return {
    baseReachableMs: 30000, retransmitMs: 1000, staleGcMs: 60000, delayFirstProbeMs: 5000, unicastProbes: 3, multicastProbes: 3, applicationProbes: 0, queueLength: 101,
    proxyDelayMs: 800, anycastDelayMs: 1000, lockMs: family === 'inet' ? 1000 : 0, proxyQueueLength: 64, queueLengthBytes: 212992, multicastReprobes: 0, intervalProbeMs: 5000, reachableMs: 30000,
  };
}
