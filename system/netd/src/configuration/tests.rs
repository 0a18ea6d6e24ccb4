use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Configuration> {
    of_texts(&[("net.toml".to_owned(), text.as_bytes().to_vec())])
}

const ALL: &str = r#"
[link.eth0]
mtu = 9000
offload = { tso = false }
addresses = ["192.0.2.5/24", "2001:db8::5/64"]
gateway = ["192.0.2.1", "fe80::1"]
routes = [
    { to = "10.0.0.0/8", via = "192.0.2.2", metric = 5, table = 100 },
    { to = "10.1.0.0/16", type = "blackhole" },
]
neighbours = [{ address = "192.0.2.9", mac = "02:00:00:00:00:09" }]
ipv6 = { privacy = true, accept-ra = true }
dns = "192.0.2.53"
domains = ["example.org"]

[link.uplink]
match = { driver = "virtio_net", mac = "52:54:00:00:00:01" }
dhcp4 = { metric = 200, hostname = "host" }
online = "routable"

[link."eth0.5"]
kind = "vlan"
parent = "eth0"
id = 5
master = "br0"

[link.br0]
kind = "bridge"
stp = true

[link.bond0]
kind = "bond"
mode = "802.3ad"
hash = "layer3+4"

[[rule]]
priority = 100
from = "192.0.2.0/24"
table = 100

[[rule]]
priority = 101
mark = 7
table = 100
"#;

#[test]
fn everything_is_understood() {
    let all = read(ALL).unwrap();
    assert_eq!(all.links.len(), 5);
    let eth0 = &all.links[0];
    assert_eq!(
        eth0.settings.features,
        [("tx-tcp-segmentation".to_owned(), false)]
    );
    assert_eq!(eth0.routes.len(), 4);
    assert_eq!(eth0.routes[1].what.metric, 1024);
    assert_eq!(eth0.routes[2].origin.to_string(), "net.toml:8");
    assert_eq!(all.rules.len(), 3, "a mark is of both families");
    let json = br#"{"link": {"eth0": {"addresses": ["192.0.2.5/24"],
        "gateway": "192.0.2.1"}}}"#;
    let all = of_texts(&[("net.json".to_owned(), json.to_vec())]).unwrap();
    assert_eq!(all.links[0].routes[0].origin.line, 2);
}

#[test]
fn prefixes_are_shared() {
    let all = read("[link.a]\ndhcp6 = { prefix = 56, dns = false, ntp = false }\n[link.b]\ndelegated = { from = \"a\" }\n[link.c]\ndelegated = { from = \"a\", subnet = 3, host = \"::5\" }\nlldp = true").unwrap();
    let asks = all.links[0].dhcp6.clone().unwrap();
    assert_eq!(
        (asks.when, asks.prefix, asks.dns, asks.ntp),
        (When::Router, Some(56), false, false)
    );
    assert_eq!(all.links[0].online, Online::Address);
    let share = |at: usize| all.links[at].delegated.clone().unwrap().what;
    assert_eq!(
        (share(1).subnet, share(1).host.to_string()),
        (0, "::1".to_owned())
    );
    assert_eq!(
        (share(2).subnet, share(2).host.to_string()),
        (3, "::5".to_owned())
    );
    assert!(all.links[2].lldp && !all.links[1].lldp);
}

#[test]
fn what_is_wrong_is_told_with_file_line_key_and_the_way_out() {
    for (text, told) in [
        (
            "[link.eth0]\nmtus = 5",
            "net.toml:2: there is no key 'link.eth0.mtus': there are match, kind,",
        ),
        (
            "[links.eth0]\n",
            "net.toml:1: there is no key 'links': there are link, rule, dns",
        ),
        (
            "[link.eth0]\nmtu = \"x\"",
            "net.toml:2: link.eth0.mtu: a number is expected, not a string",
        ),
        (
            "[link.eth0]\nmtu = 5",
            "net.toml:2: link.eth0.mtu: 5 is not between 68 and 65535",
        ),
        (
            "[link.eth0]\naddresses = [\n\"192.0.2.1/24\",\n\"192.0.2.300/24\"]",
            "net.toml:4: link.eth0.addresses: '192.0.2.300/24' is not an address with a length",
        ),
        (
            "[link.eth0]\naddresses = \"192.0.2.1\"",
            "'192.0.2.1' has no length",
        ),
        (
            "[link.eth0]\naddresses = \"192.0.2.0/24\"",
            "is the network's own address",
        ),
        (
            "[link.eth0]\naddresses = \"192.0.2.255/24\"",
            "is the network's own address or the one of all",
        ),
        (
            "[link.eth0]\naddresses = \"192.0.2.1/24\"\ngateway = \"192.0.3.1\"",
            "net.toml:3: link.eth0.gateway: 192.0.3.1 is outside the link's networks (192.0.2.1/24)",
        ),
        (
            "[link.eth0]\ngateway = \"192.0.3.1\"",
            "is in no network of this link",
        ),
        (
            "[link.a]\naddresses = \"192.0.2.1/24\"\ngateway = \"192.0.2.2\"\n[link.b]\naddresses = \"198.51.100.1/24\"\ngateway = \"198.51.100.2\"",
            "net.toml:6: link.b: a second default route with metric 0 beside that of net.toml:3",
        ),
        (
            "[link.a]\naddresses = \"192.0.2.1/24\"\n[link.b]\naddresses = \"192.0.2.1/25\"",
            "net.toml:4: link.b.addresses: 192.0.2.1 stands in net.toml:2 too",
        ),
        (
            "[link.a]\nkind = \"vlan\"\nparent = \"b\"\nid = 1\n[link.b]\nkind = \"vlan\"\nparent = \"a\"\nid = 2",
            "net.toml:1: link.a: it stands on itself",
        ),
        (
            "[link.a]\nkind = \"vlan\"\nid = 1",
            "link.a: a vlan needs 'parent'",
        ),
        (
            "[link.a]\nkind = \"vlan\"\nparent = \"b\"",
            "link.a: a vlan needs 'id'",
        ),
        (
            "[link.a]\nkind = \"vlam\"",
            "net.toml:2: link.a.kind: one of ethernet, vlan,",
        ),
        (
            "[link.a]\nid = 5",
            "net.toml:2: link.a.id: it belongs to kind = \"vlan\", not to \"ethernet\"",
        ),
        (
            "[link.averyveryverylongname]\nup = true",
            "no link can have that name",
        ),
        ("[link.a]\nmatch = {}", "link.a.match says nothing"),
        (
            "[link.a]\nmac = \"01:00:00:00:00:00\"",
            "it is an address of a group",
        ),
        (
            "[link.a]\nroutes = [{ to = \"10.0.0.1/8\" }]",
            "link.a.routes.to: 10.0.0.1/8 has bits outside its network: write 10.0.0.0/8",
        ),
        (
            "[link.a]\nroutes = [{ via = \"10.0.0.1\" }]",
            "'to' is missing",
        ),
        (
            "[[rule]]\ntable = 5",
            "net.toml:1: rule: 'priority' is missing",
        ),
        (
            "[[rule]]\npriority = 5",
            "either 'table' or 'action' is needed",
        ),
        (
            "[link.a]\ndomains = [\"a b\"]",
            "a string with a domain is expected",
        ),
        (
            "[link.a]\nkind = \"wireguard\"\nprivate-key-file = \"/nowhere/key\"",
            "/nowhere/key: reading a key: No such file",
        ),
        (
            "[link.a]\ndhcp6 = { when = \"never\" }",
            "net.toml:2: link.a.dhcp6.when: one of router, always, names is expected",
        ),
        (
            "[link.a]\ndhcp6 = { prefix = 65 }",
            "net.toml:2: link.a.dhcp6.prefix: 65 is not between 8 and 64",
        ),
        (
            "[link.a]\ndhcp6 = true\n[link.b]\ndelegated = { from = \"a\" }",
            "net.toml:4: link.b.delegated.from: no link 'a' asks for a prefix: give it dhcp6 = { prefix = 56 }",
        ),
        (
            "[link.b]\ndelegated = { subnet = 1 }",
            "net.toml:2: link.b.delegated: 'from' is missing",
        ),
        (
            "[link.b]\ndelegated = { from = \"a\", host = \"2001:db8::1\" }",
            "net.toml:2: link.b.delegated.host: the lower half of an address is expected",
        ),
        (
            "[link.a]\ndhcp6 = { prefix = 56 }\n[link.b]\ndelegated = { from = \"a\" }\n[link.c]\ndelegated = { from = \"a\", subnet = 0 }",
            "net.toml:4: link.b.delegated.subnet: 0 of 'a' is the share of link.c too",
        ),
        (
            "[link.a]\nlldp = 1",
            "net.toml:2: link.a.lldp: true or false is expected, not a number",
        ),
        ("[link.a]\nup = true\n[link.a.b", "net.toml:3: "),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}\n{error}");
    }
}

proptest! {
    #[test]
    fn lines_in_any_order_are_understood_or_refused(picked in proptest::collection::vec(0usize..60, 0..30)) {
        let lines: Vec<&str> = ALL.lines().collect();
        let text: Vec<&str> = picked.iter().filter_map(|at| lines.get(*at).copied()).collect();
        if let Err(error) = read(&text.join("\n")) {
            prop_assert!(error.to_string().starts_with("net.toml:"), "{}", error);
        }
    }
}
