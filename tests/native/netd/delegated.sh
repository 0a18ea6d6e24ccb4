# ISC's server delegates a prefix; two links have networks of it.
join
ip link add d0 type veth peer name d0b
ip link add d1 type veth peer name d1b
other ip address add 2001:db8::1/64 dev v1 nodad
other ip address add 2001:db8::53/64 dev v1 nodad
cat >/tmp/dhcpd.conf <<'X'
default-lease-time 40;
preferred-lifetime 20;
option dhcp-renewal-time 4;
option dhcp-rebinding-time 16;
option dhcp6.name-servers 2001:db8::53;
option dhcp6.domain-search "example.org";
subnet6 2001:db8::/64 {
    range6 2001:db8::100 2001:db8::1ff;
    prefix6 2001:db8:1000:: 2001:db8:1000:ff00:: /56;
}
X
ip link set v0 up
until_holds 'other ip -6 -o address show v1 | grep "scope link" | grep -vq tentative'
touch /tmp/leases
serve_isc() { nsenter -t $peer -n dhcpd -6 -f -d -cf /tmp/dhcpd.conf -lf /tmp/leases --no-pid v1 >/tmp/isc 2>&1 & server=$!; until_holds 'grep -q "Server starting service\|Listening on Socket" /tmp/isc'; }
serve_isc
cat >/tmp/etc/a.toml <<'X'
[link.v0]
dhcp6 = { when = "always", prefix = 56 }
[link.d0]
delegated = { from = "v0" }
[link.d1]
delegated = { from = "v0", subnet = 255, host = "::5" }
X
run
until_holds 'ip -6 -o address show d0 | grep -q "inet6 2001:db8:1000:[0-9a-f]*::1/64 \|inet6 2001:db8:1000::1/64 "'
until_holds 'ip -6 -o address show d1 | grep -q "inet6 2001:db8:1000:[0-9a-f]*ff::5/64 "'
until_holds 'ip -6 -o address show v0 | grep -q "inet6 2001:db8::1[0-9a-f]*/128 "'
has "$(ip -6 route)" 'unreachable 2001:db8:1000:'
has "$(cat /tmp/resolv.conf)" 'nameserver 2001:db8::53'
has "$(tell status --json)" '"delegated":["2001:db8:1000:'
network=$(ip -6 -o address show d0 | grep -o '2001:db8:1000:[0-9a-f:]*/64')

# It is renewed, and all that is of it lasts longer.
until_holds 'grep -q "Renew message" /tmp/isc'
until_holds 'tell status --json | grep -q "\"dhcp6\":\"bound\""'
has "$(ip -6 -o address show d0)" "$network"

# A new start: the networks stay, and the prefix is asked for anew.
kill $daemon
wait $daemon || true
has "$(ip -6 -o address show d0)" "$network"
run
has "$(ip -6 -o address show d0)" "$network"
until_holds 'grep -q "Rebind message" /tmp/isc'
until_holds 'tell status --json | grep -q "\"dhcp6\":\"bound\""'
has "$(ip -6 -o address show d0)" "$network"

# A network that there is not is told; the others stay.
sed -i 's/subnet = 255/subnet = 256/' /tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
if ip -6 -o address show d1 | grep -q 2001:db8:1000; then fail 'the network is still there'; fi
has "$(ip -6 -o address show d0)" "$network"
sed -i 's/from = "v0", subnet/from = "d0", subnet/' /tmp/etc/a.toml
if said=$(tell apply); then fail "$said"; fi
has "$said" "/tmp/etc/a.toml:6: link.d1.delegated.from: no link 'd0' asks for a prefix"
has "$(ip -6 -o address show d0)" "$network"

# What is delegated ends, and all of it goes.
leave
printf '[link.v0]\nmtu = 1500\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
if ip -6 -o address show d0 | grep -q 2001:db8:1000; then fail 'the network is still there'; fi
if ip -6 route | grep -q unreachable; then fail 'the route is still there'; fi
