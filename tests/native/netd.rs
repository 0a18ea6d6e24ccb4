//! netd beside real peers: each test has a network namespace of its own, and makes others for whom it speaks with.
//!
//! The peers are Debian's, in a root made for that.

use crate::daemons;
use alpenglow_tests::{Outcome, Test, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("netd_plans_applies_and_takes_back", || run(APPLY)),
        test("netd_leaves_nothing_half_applied", || run(HALF)),
        test("netd_drops_no_connection_that_stays", || run(STAYS)),
        test("netd_knows_links_by_what_they_are", || run(MATCH)),
        test("netd_goes_on_when_a_link_vanishes_at_any_moment", || {
            run(VANISH)
        }),
        test("netd_gets_keeps_and_renews_a_lease", || run(LEASE)),
        test("netd_starts_when_a_wireless_link_has_its_keys", || {
            run(WIRELESS)
        }),
        test("netd_switches_offloads_and_back", || run(OFFLOAD)),
        test("netd_takes_no_address_that_another_has", || run(CONFLICT)),
        test("netd_outlives_hostile_servers", || run(HOSTILE)),
        test("netd_has_the_kernel_follow_routers", || run(ROUTER)),
        test("netd_follows_radvd", || run(RADVD)),
        test("netd_gets_keeps_and_confirms_an_ipv6_address", || {
            run(DHCP6)
        }),
        test("netd_asks_for_names_where_routers_say_so", || run(NAMES6)),
        test("netd_has_prefixes_delegated_to_links", || run(DELEGATED)),
        test("netd_takes_no_ipv6_address_that_another_has", || {
            run(TAKEN6)
        }),
        test("netd_outlives_hostile_dhcpv6_servers", || run(HOSTILE6)),
        test("netd_hears_what_neighbours_tell", || run(LLDP)),
        test("netd_decides_at_once_whether_it_is_online", || run(ONLINE)),
        test("netd_follows_a_thousand_links", || run(THOUSAND)),
        test("netd_sleeps_when_nothing_happens", || run(IDLE)),
        test("netd_is_run_by_dinit", || run(SERVICES)),
    ]
}

/// What every script begins with: `other` runs something in a second namespace, joined to ours by v0 and v1 there.
const BEGIN: &str = include_str!("netd/begin.sh");
const APPLY: &str = include_str!("netd/apply.sh");
const HALF: &str = include_str!("netd/half.sh");
const STAYS: &str = include_str!("netd/stays.sh");
const MATCH: &str = include_str!("netd/match.sh");
const LEASE: &str = include_str!("netd/lease.sh");
const WIRELESS: &str = include_str!("netd/wireless.sh");
const OFFLOAD: &str = include_str!("netd/offload.sh");
const CONFLICT: &str = include_str!("netd/conflict.sh");
const HOSTILE: &str = include_str!("netd/hostile.sh");
const ROUTER: &str = include_str!("netd/router.sh");
const RADVD: &str = include_str!("netd/radvd.sh");
const DHCP6: &str = include_str!("netd/dhcp6.sh");
const NAMES6: &str = include_str!("netd/names6.sh");
const DELEGATED: &str = include_str!("netd/delegated.sh");
const TAKEN6: &str = include_str!("netd/taken6.sh");
const HOSTILE6: &str = include_str!("netd/hostile6.sh");
const LLDP: &str = include_str!("netd/lldp.sh");
const ONLINE: &str = include_str!("netd/online.sh");
const THOUSAND: &str = include_str!("netd/thousand.sh");
const VANISH: &str = include_str!("netd/vanish.sh");
const SERVICES: &str = include_str!("netd/services.sh");
const IDLE: &str = include_str!("netd/idle.sh");

/// Runs a script in a namespace of its own, with netd and the peers.
fn run(script: &str) -> Outcome {
    daemons::run(
        &["netd", "dinit"],
        &["/run"],
        &[
            ("tests/native/netd", "/tmp/in"),
            ("packages/netd/root", "/tmp/root"),
        ],
        &format!("{BEGIN}{script}"),
    )
}
