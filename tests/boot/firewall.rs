//! Packets that are filtered and translated: the edition `firewall-demo` under QEMU, with two other machines in network namespaces of
//! the guest.

use crate::demo::{run, until};
use alpenglow_tests::{Outcome, Test, has, test};

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![test(
        "firewall_filters_translates_and_keeps_its_rules",
        rules,
    )]
}

const NETWORK: &str = include_str!("firewall/network.sh");

/// What answers at these, all in one line: the console has init's between others.
fn asked(when: &str, places: &[&str]) -> String {
    let each: Vec<String> = places
        .iter()
        .map(|place| format!("$(ask {place})"))
        .collect();
    format!("echo \"{when}: {}\"", each.join(", "))
}

fn rules() -> Outcome {
    let network = format!(
        "cat > /tmp/network.sh <<'END_OF_NETWORK'\n{NETWORK}END_OF_NETWORK\nsh /tmp/network.sh"
    );
    let answers = until(
        "ask 192.0.2.1 8 | grep -q ^eight && ask 192.0.2.1 9 | grep -q ^nine && ask 2001:db8::1 7 | grep -q ^seven && \
         ip netns exec behind nc -4 -w 4 198.51.100.2 8 < /dev/null 2> /dev/null | grep -q behind",
    );
    let said = run(
        "firewall-demo",
        &[
            // Without rules the service does nothing, and nothing is filtered.
            "dinitctl is-started iptables > /dev/null && lsmod | grep -c ip_tables || echo no tables",
            &network,
            &answers,
            &asked(
                "before",
                &["192.0.2.1 9", "2001:db8::1 7", "198.51.100.2 8"],
            ),
            "iptables -A INPUT -p tcp --dport 8 -m conntrack --ctstate NEW -m comment --comment 'no more' -j REJECT --reject-with tcp-reset",
            "ip6tables -A INPUT -p tcp -m multiport --dports 7,8 -j REJECT --reject-with icmp6-adm-prohibited",
            "iptables -t nat -A PREROUTING -i there -p tcp --dport 10 -j REDIRECT --to-ports 9",
            "iptables -t nat -A PREROUTING -i there -p tcp --dport 11 -j DNAT --to-destination 198.51.100.2:8",
            "iptables -t nat -A POSTROUTING -o behind -j MASQUERADE",
            "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; iptables -A FORWARD -i there -m limit --limit 10/s -j ACCEPT; \
             iptables -P FORWARD DROP",
            "iptables -A INPUT -p icmp -m mark ! --mark 7 -m hashlimit --hashlimit-name a --hashlimit-upto 9/s -j LOG --log-prefix 'seen: '",
            "iptables -A OUTPUT -m owner --uid-owner 65534 -m addrtype --dst-type LOCAL -j REJECT",
            "iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
            "iptables -t raw -A PREROUTING -m mac --mac-source 02:00:00:00:00:01 -j CT --notrack",
            "iptables -A INPUT -m iprange --src-range 203.0.113.5-203.0.113.9 -m string --algo bm --string x -m recent --set -j DROP",
            &asked(
                "with",
                &[
                    "192.0.2.1 8",
                    "192.0.2.1 9",
                    "2001:db8::1 7",
                    "192.0.2.1 10",
                    "192.0.2.1 11",
                    "198.51.100.2 8",
                ],
            ),
            "ip netns exec there sh -c 'echo 0 0 > /proc/sys/net/ipv4/ping_group_range; ping -c 1 -q 192.0.2.1 > /dev/null'; logctl -k -g 'seen: ' | tail -n 1",
            "iptables -nvL INPUT | grep 'no more'",
            // What is kept is there again with the system, and after a new start of the service.
            "iptables-save > /etc/iptables/rules.v4; ip6tables-save > /etc/iptables/rules.v6",
            "for table in filter nat mangle raw; do iptables -t $table -F; done; ip6tables -F",
            &asked("none", &["192.0.2.1 8", "192.0.2.1 10"]),
            "dinitctl restart iptables",
            &asked("again", &["192.0.2.1 8", "192.0.2.1 10", "2001:db8::1 7"]),
            // A file with a mistake is told, and leaves the rules of both as they were.
            "ip6tables -F; sed -i 's/no more/no longer/; s/--to-ports 9/--to-ports nine/' /etc/iptables/rules.v4",
            "dinitctl restart iptables || dinitctl catlog iptables; echo kept $(iptables-save | grep -c 'no more') rule",
            &asked("still", &["2001:db8::1 7"]),
        ],
    )?;
    has(
        &said,
        &[
            "no tables\n",
            "before: nine at 192.0.2.1 9, seven at 2001:db8::1 7, nobody at 198.51.100.2 8\n",
            "with: nobody at 192.0.2.1 8, nine at 192.0.2.1 9, nobody at 2001:db8::1 7, nine at 192.0.2.1 10, behind at 192.0.2.1 11, \
             behind at 198.51.100.2 8\n",
            "seen: IN=there OUT= ",
            "SRC=192.0.2.2 DST=192.0.2.1",
            "none: eight at 192.0.2.1 8, nobody at 192.0.2.1 10\n",
            "again: nobody at 192.0.2.1 8, nine at 192.0.2.1 10, nobody at 2001:db8::1 7\n",
            "iptables: /etc/iptables/rules.v4: ",
            "iptables: the rules are as they were; mend the file, then: dinitctl restart iptables\n",
            "kept 1 rule\n",
            "still: seven at 2001:db8::1 7\n",
        ],
    )
}
