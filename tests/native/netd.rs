//! netd beside real peers: each test has a network namespace of its own, and makes others for whom it speaks with.
//!
//! The peers are Debian's, in a root made for that.

use alpenglow_builder::debian::NET_PEERS;
use alpenglow_builder::{Cache, Mount, Root, Sandbox};
use alpenglow_tests::{Outcome, Test, check, output, repository, test, text};
use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The tests.
pub fn tests() -> Vec<Test> {
    vec![
        test("netd_plans_applies_and_takes_back", || run(APPLY)),
        test("netd_leaves_nothing_half_applied", || run(HALF)),
        test("netd_gets_keeps_and_renews_a_lease", || run(LEASE)),
        test("netd_takes_no_address_that_another_has", || run(CONFLICT)),
        test("netd_outlives_hostile_servers", || run(HOSTILE)),
        test("netd_has_the_kernel_follow_routers", || run(ROUTER)),
        test("netd_decides_at_once_whether_it_is_online", || run(ONLINE)),
        test("netd_follows_a_thousand_links", || run(THOUSAND)),
        test("netd_sleeps_when_nothing_happens", || run(IDLE)),
    ]
}

/// What every script begins with: `other` runs something in a second namespace, joined to ours by v0 and v1 there.
const BEGIN: &str = r#"
set -eu
mkdir -p /tmp/etc /tmp/keep
netd() { /tmp/netd "$@"; }
run() { /tmp/netd run -c /tmp/etc -s /tmp/sock -k /tmp/keep -n /tmp/resolv.conf -F 3 3>/tmp/ready >>/tmp/log 2>&1 & daemon=$!; until_holds '[ -s /tmp/ready ]'; rm /tmp/ready; }
tell() { command=$1; shift; /tmp/netd "$command" -s /tmp/sock "$@"; }
fail() { echo "FAILED: $*"; echo '-- log'; cat /tmp/log 2>/dev/null || true; ip address; ip route; exit 1; }
until_holds() { tries=0; until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 400 ] || fail "waited in vain for: $1"; sleep 0.05; done; }
has() { case "$1" in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
ip link set lo up
join() {
    unshare -n sleep 1000 & peer=$!
    until_holds '[ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
    ip link add v0 type veth peer name v1
    ip link set v1 netns $peer
    other ip link set lo up
    other ip link set v1 up
}
other() { nsenter -t $peer -n "$@"; }
serve() {
    other ip address add 192.0.2.1/24 dev v1
    nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=v1 --bind-interfaces --no-ping \
        --dhcp-range=192.0.2.100,192.0.2.200,120s --dhcp-option=option:dns-server,192.0.2.53 \
        --dhcp-option=option:domain-name,example.org --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp "$@" >/tmp/dnsmasq 2>&1 & server=$!
    until_holds 'grep -q "DHCP, IP range" /tmp/dnsmasq'
}
"#;

const APPLY: &str = r#"
cat >/tmp/etc/a.toml <<'X'
[link.br0]
kind = "bridge"
stp = false
addresses = ["192.0.2.1/24", "2001:db8::1/64"]
gateway = "192.0.2.254"

[link.w0]
kind = "veth"
peer = "w1"
mtu = 1400
mac = "02:00:00:00:00:07"
master = "br0"
neighbours = []

[link.m0]
kind = "macvlan"
parent = "w1"
neighbours = [{ address = "198.51.100.9", mac = "02:00:00:00:00:09" }]
addresses = "198.51.100.1/24"

[link.w1]
routes = [{ to = "203.0.113.0/24", type = "blackhole" }]

[[rule]]
priority = 100
from = "192.0.2.0/24"
table = 77
X
ip address add 127.0.0.9/8 dev lo
before=$(ip address; ip route; ip rule)
said=$(netd plan -c /tmp/etc -s /tmp/sock)
has "$said" 'br0: add address 192.0.2.1/24  (/tmp/etc/a.toml:4)'
[ "$before" = "$(ip address; ip route; ip rule)" ] || fail 'plan changed something'
netd apply -c /tmp/etc -s /tmp/sock >/tmp/said || fail "$(cat /tmp/said)"
has "$(netd plan -c /tmp/etc -s /tmp/sock)" 'everything is as it is wanted'
has "$(ip -o link show w0)" 'mtu 1400 '
has "$(ip -o link show w0)" 'master br0'
has "$(ip -o link show w0)" '02:00:00:00:00:07'
has "$(ip -o address show br0)" '192.0.2.1/24 brd 192.0.2.255'
has "$(ip route)" 'default via 192.0.2.254 dev br0'
has "$(ip rule)" 'from 192.0.2.0/24 lookup 77'
has "$(ip neighbour show dev m0)" '198.51.100.9 lladdr 02:00:00:00:00:09 PERMANENT'

# Somebody's own things stay, and what stays is not touched.
ip address add 192.0.2.77/24 dev br0
run
sed -i 's/192.0.2.254/192.0.2.253/; s/1400/1300/' /tmp/etc/a.toml
said=$(tell apply --json --confirm 2)
has "$said" '"from":"default via 192.0.2.254","to":"default via 192.0.2.253"'
has "$said" '"confirm":2'
has "$(ip -o link show w0)" 'mtu 1300 '
until_holds 'ip -o link show w0 | grep -q "mtu 1400 "'
has "$(ip route)" 'default via 192.0.2.254 dev br0'
if said=$(tell confirm); then fail "$said"; fi
has "$said" 'there is nothing to confirm'
tell apply --confirm 60 >/tmp/said
tell confirm
has "$(ip route)" 'default via 192.0.2.253 dev br0'
printf '[[rule]]\npriority = 5\naction = "prohibit"\nfrom = "10.0.0.0/8"\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
if ip link show br0 2>/dev/null; then fail 'br0 is still there'; fi
has "$(ip rule)" 'from 10.0.0.0/8 prohibit'
has "$(ip -o address show lo)" '127.0.0.9/8'
[ "$(ip rule | grep -c 'lookup 77')" = 0 ] || fail 'the rule is still there'
"#;

const HALF: &str = r#"
ip link add d0 type bridge
ip link set d0 up
ip address add 192.0.2.9/24 dev d0
ip route add default via 192.0.2.8
before=$(ip -o address; ip route; ip rule; ip -o link)
cat >/tmp/etc/a.toml <<'X'
[link.n0]
kind = "bridge"
addresses = "198.51.100.1/24"
[link.d0]
mtu = 1400
dhcp4 = true
gateway = "203.0.113.1"
X
# The files cannot tell that it is no neighbour, as a lease may make it one; the kernel can.
if said=$(netd apply -c /tmp/etc -s /tmp/sock 2>&1); then fail "$said"; fi
has "$said" '/tmp/etc/a.toml:7: d0: '
has "$said" 'Nexthop has invalid gateway'
has "$said" 'all is as it was before'
[ "$before" = "$(ip -o address; ip route; ip rule; ip -o link)" ] || fail "half of it is there"
printf '[link.d0]\nmtu = 1400\ncolour = 5\n' >/tmp/etc/a.toml
if said=$(netd apply -c /tmp/etc -s /tmp/sock 2>&1); then fail "$said"; fi
has "$said" "/tmp/etc/a.toml:3: there is no key 'link.d0.colour'"
[ "$before" = "$(ip -o address; ip route; ip rule; ip -o link)" ] || fail "half of it is there"
# Who may not, is told so.
printf '[link.d0]\nmtu = 1400\n' >/tmp/etc/a.toml
if said=$(setpriv --bounding-set -all --inh-caps -all --reuid 1 --regid 1 --clear-groups /tmp/netd apply -c /tmp/etc -s /tmp/sock 2>&1); then fail "$said"; fi
has "$said" 'Operation not permitted'
"#;

const LEASE: &str = r#"
join
serve --dhcp-rapid-commit
printf '[link.v0]\ndhcp4 = { conflicts = false, hostname = "host" }\n' >/tmp/etc/a.toml
run
tell wait-online -t 20 || fail 'not online'
has "$(ip -o address show v0)" 'inet 192.0.2.1'
has "$(ip route)" 'default via 192.0.2.1 dev v0'
has "$(cat /tmp/resolv.conf)" 'nameserver 192.0.2.53'
has "$(cat /tmp/resolv.conf)" 'search example.org'
has "$(tell status --json)" '"dhcp4":"bound"'
[ "$(grep -c DHCPDISCOVER /tmp/dnsmasq)" = 1 ] || fail "$(cat /tmp/dnsmasq)"
address=$(ip -o address show v0 | grep -o 'inet [0-9./]*')

# Carrier goes and comes: the same is asked for, in one round trip.
other ip link set v1 down
until_holds 'tell status | grep -q "v0: no carrier"'
other ip link set v1 up
until_holds '[ "$(grep -c DHCPACK /tmp/dnsmasq)" -ge 2 ]'
until_holds 'tell status --json | grep -q "\"dhcp4\":\"bound\""'
[ "$(grep -c DHCPDISCOVER /tmp/dnsmasq)" = 1 ] || fail "$(cat /tmp/dnsmasq)"
until_holds 'ip route | grep -q "default via 192.0.2.1 dev v0"'

# The daemon is started anew: the address stays all the time, and is asked for again.
kill $daemon
wait $daemon || true
has "$(ip -o address show v0)" "$address"
run
until_holds 'tell status --json | grep -q "\"dhcp4\":\"bound\""'
[ "$(grep -c DHCPDISCOVER /tmp/dnsmasq)" = 1 ] || fail "$(cat /tmp/dnsmasq)"
has "$(ip -o address show v0)" "$address"

# Another network: the server refuses, and there is another lease.
kill $server
other ip address flush dev v1
other ip address add 198.51.100.1/24 dev v1
rm /tmp/leases
nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=v1 --bind-interfaces --no-ping --dhcp-authoritative \
    --dhcp-range=198.51.100.100,198.51.100.200,120s --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp >/tmp/dnsmasq 2>&1 & server=$!
until_holds 'grep -q "DHCP, IP range" /tmp/dnsmasq'
other ip link set v1 down
until_holds 'tell status | grep -q "v0: no carrier"'
other ip link set v1 up
until_holds 'ip -o address show v0 | grep -q 198.51.100.1'
until_holds '! ip -o address show v0 | grep -q 192.0.2.1'
# Nobody asks for it any more: it goes.
printf '[link.v0]\nmtu = 1500\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
if ip -o address show v0 | grep -q 198.51.100.1; then fail 'the address is still there'; fi
"#;

const CONFLICT: &str = r#"
join
serve --dhcp-host=02:00:00:00:00:01,192.0.2.100
# A third has what the server gives.
other ip link add name br0 type bridge
other ip address flush dev v1
other ip address add 192.0.2.1/24 dev br0
other ip link set v1 master br0
other ip link set br0 up
kill $server
other ip link add x0 type veth peer name x1
other ip link set x0 master br0 up
unshare -n sleep 1000 & third=$!
until_holds '[ "$(readlink /proc/$third/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
other ip link set x1 netns $third
nsenter -t $third -n ip link set x1 up
nsenter -t $third -n ip address add 192.0.2.100/24 dev x1
nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=br0 --bind-interfaces --no-ping --dhcp-host=02:00:00:00:00:01,192.0.2.100 \
    --dhcp-range=192.0.2.100,192.0.2.200,120s --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp >/tmp/dnsmasq 2>&1 & server=$!
until_holds 'grep -q "DHCP, IP range" /tmp/dnsmasq'
printf '[link.v0]\nmac = "02:00:00:00:00:01"\ndhcp4 = true\n' >/tmp/etc/a.toml
run
until_holds 'grep -q "DHCPDECLINE(br0) 192.0.2.100" /tmp/dnsmasq'
if ip -o address show v0 | grep -q 192.0.2.100; then fail 'it took it'; fi
# Where no server answers, one of its own choice.
kill $server
printf '[link.v0]\nmac = "02:00:00:00:00:01"\nipv4-link-local = true\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
until_holds 'ip -o address show v0 | grep -q "inet 169.254"'
"#;

const HOSTILE: &str = r#"
join
other ip address add 192.0.2.1/24 dev v1
cat >/tmp/server.py <<'X'
import socket, struct, sys
mode = sys.argv[1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, 25, b'v1\0')
s.bind(('0.0.0.0', 67))
print('ready', flush=True)
while True:
    d, peer = s.recvfrom(2000)
    o, i, kind = d[240:], 0, 0
    while i < len(o) and o[i] != 255:
        if o[i] == 0:
            i += 1
            continue
        if o[i] == 53:
            kind = o[i + 2]
        i += 2 + o[i + 1]
    print('got', kind, flush=True)
    def reply(kind, options, cut=9999):
        p = bytearray(240)
        p[0:3], p[4:8], p[28:34], p[236:240] = bytes([2, 1, 6]), d[4:8], d[28:34], bytes([99, 130, 83, 99])
        p[16:20] = bytes([192, 0, 2, 50])
        p += bytes([53, 1, kind, 54, 4, 192, 0, 2, 1]) + options + bytes([255])
        s.sendto(bytes(p)[:cut], ('255.255.255.255', 68))
    mask = bytes([1, 4, 255, 255, 255, 0])
    def lease(seconds):
        return struct.pack('>BBI', 51, 4, seconds) + mask
    if mode == 'short':
        reply({1: 2}.get(kind, 5), lease(1))
    if mode == 'nak':
        if kind == 1:
            reply(2, lease(3600))
        else:
            for _ in range(200):
                reply(6, b'')
    if mode == 'broken':
        # Cut short, without end, of no time, with a mask that is none, with names that lead nowhere.
        for cut in (0, 100, 239, 241, 245):
            reply(2, lease(3600), cut)
        for options in (b'\x33\xff', lease(0), bytes([1, 4, 255, 0, 255, 0]) + lease(60)[:6], bytes([119, 2, 192, 0, 121, 1, 33]), bytes([52, 1, 3])):
            reply(2, options)
            reply(5, options + bytes([80, 0]))
X
hostile() { nsenter -t $peer -n python3 /tmp/server.py "$1" >/tmp/server 2>&1 & server=$!; until_holds 'grep -q ready /tmp/server'; }
printf '[link.v0]\ndhcp4 = { conflicts = false }\n' >/tmp/etc/a.toml
hostile broken
run
until_holds '[ "$(grep -c "got 1" /tmp/server)" -ge 2 ]'
if ip -4 -o address show v0 | grep -q 192.0.2.50; then fail 'it took what makes no sense'; fi
kill $server
hostile nak
until_holds '[ "$(grep -c "got 3" /tmp/server)" -ge 2 ]'
sleep 5
asked=$(grep -c 'got 3' /tmp/server)
[ "$asked" -le 6 ] || fail "asked $asked times"
if ip -4 -o address show v0 | grep -q 192.0.2.50; then fail 'it took what was refused'; fi
kill $server
hostile short
until_holds 'ip -4 -o address show v0 | grep -q 192.0.2.50'
sleep 3
has "$(ip -4 -o address show v0)" 192.0.2.50
kill $server
until_holds '! ip -4 -o address show v0 | grep -q 192.0.2.50'
tell status >/dev/null || fail 'it does not answer'
"#;

const ROUTER: &str = r#"
join
other ip address add 2001:db8::1/64 dev v1 nodad
printf '[link.v0]\nipv6 = { accept-ra = true, privacy = true }\n' >/tmp/etc/a.toml
run
serve --enable-ra --dhcp-range=2001:db8::,ra-only --dhcp-option=option6:dns-server,[2001:db8::53] --dhcp-option=option6:domain-search,example.net
tell wait-online -t 60 v0:routable || fail 'not online'
until_holds 'ip -6 address show dev v0 | grep -q "scope global temporary"'
until_holds 'grep -qs "nameserver 2001:db8::53" /tmp/resolv.conf'
has "$(cat /tmp/resolv.conf)" 'search example.net'
"#;

const ONLINE: &str = r#"
join
printf '[link.v0]\ndhcp4 = true\nrequired = true\ncarrier-wait = 0\n[link.br0]\nkind = "bridge"\n' >/tmp/etc/a.toml
other ip link set v1 down
run
# Without carrier there is nothing to wait for: the time of ten minutes is not used.
if said=$(timeout 60 /tmp/netd wait-online -s /tmp/sock -t 600); then fail "$said"; fi
has "$said" 'offline: v0, which is required, has no carrier'
printf '[link.v0]\naddresses = "192.0.2.5/24"\n[link.br0]\nkind = "bridge"\n' >/tmp/etc/a.toml
other ip link set v1 up
tell apply >/tmp/said || fail "$(cat /tmp/said)"
timeout 60 /tmp/netd wait-online -s /tmp/sock -t 600 || fail 'not online'
timeout 60 /tmp/netd wait-online -s /tmp/sock -t 600 v0:carrier || fail 'not online'
if said=$(timeout 60 /tmp/netd wait-online -s /tmp/sock -t 1 v0:routable); then fail "$said"; fi
has "$said" 'not online in time: v0'
tell watch >/tmp/watch &
# Whether it listens already is not told: something changes until it has seen it.
until_holds 'ip address add 192.0.2.66/24 dev v0 2>/dev/null || ip address del 192.0.2.66/24 dev v0; sleep 0.3; grep -q "null,.to.:.192.0.2.66" /tmp/watch'
has "$(cat /tmp/watch)" '{"link":"v0","what":"address","from":null,"to":"192.0.2.66/24"}'
"#;

const THOUSAND: &str = r#"
printf '[link.many]\nmatch = { name = "t*" }\nmtu = 1300\n' >/tmp/etc/a.toml
run
i=0
while [ $i -lt 500 ]; do echo "link add t$i type veth peer name t${i}b"; i=$((i + 1)); done >/tmp/batch
ip -batch /tmp/batch
tries=0
until [ "$(ip -o link | grep -c 'mtu 1300 .*state UP')" = 1000 ]; do
    tries=$((tries + 1)); [ $tries -lt 120 ] || fail "only $(ip -o link | grep -c 'mtu 1300 ') of 1000"; sleep 0.5
done
has "$(tell status --json)" '"t499b"'
"#;

const IDLE: &str = r#"
join
serve
i=0
while [ $i -lt 4 ]; do ip link add s$i type veth peer name s${i}b; i=$((i + 1)); done
printf '[link.v0]\ndhcp4 = { conflicts = false }\n[link.many]\nmatch = { name = "s*" }\n' >/tmp/etc/a.toml
run
tell wait-online -t 20 v0:address || fail 'not online'
# What the kernel does by itself with the new links is over when their addresses are.
until_holds '! ip -6 address | grep -q tentative'
# The address is announced for two seconds.
sleep 8
timeout 6 strace -f -o /tmp/calls -p $daemon || true
[ -s /tmp/calls ] || fail 'strace saw nothing'
calls=$(grep -c 'epoll_wait\|epoll_pwait' /tmp/calls || true)
[ "$calls" -le 1 ] || fail "$(cat /tmp/calls)"
echo "idle: $(grep VmRSS /proc/$daemon/status)"
"#;

/// Runs a script in a namespace of its own, with netd and the peers.
fn run(script: &str) -> Outcome {
    let cache = Cache::open().map_err(|e| e.to_string())?;
    let root = Root::made(&cache, &NET_PEERS).map_err(|e| e.to_string())?;
    let root = root.ok_or("the root of network peers is not there: run ./alpenglow test native")?;
    let mut sandbox = Sandbox::new(root.dir);
    sandbox.mounts = vec![
        Mount::Tmpfs {
            target: "/tmp".into(),
        },
        Mount::Tmpfs {
            target: "/run".into(),
        },
        Mount::Bind {
            source: program()?,
            target: "/tmp/netd".into(),
            writable: false,
        },
    ];
    let mut command = sandbox.command("sh");
    command.args(["-c", &format!("{BEGIN}{script}")]);
    let output = output(command.stdin(Stdio::null()))?;
    check(output.status.success(), || text(&output))
}

/// Builds netd for this machine.
fn program() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).clone()
}

fn build() -> Result<PathBuf, String> {
    let cache = Cache::open().map_err(|error| error.to_string())?;
    let target = cache.dir().join("host-netd");
    let cargo = env::var_os("ALPENGLOW_CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--locked", "--quiet", "-p", "netd"])
        .current_dir(repository().join("system"))
        // The root's C library may be older than this machine's.
        .env("RUSTFLAGS", "-Ctarget-feature=+crt-static")
        .env("CARGO_TARGET_DIR", &target);
    let built = output(&mut command)?;
    if built.status.success() {
        Ok(target.join("release/netd"))
    } else {
        Err(format!("netd does not build:\n{}", text(&built)))
    }
}
