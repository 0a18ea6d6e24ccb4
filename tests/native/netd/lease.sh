join
serve --dhcp-rapid-commit
# Both ends have carrier once both are up, and the kernel lets each send in its own time: what the server answered before its end may
# (no queue yet, `noop`) would be dropped, and asked for once more.
ip link set v0 up
until_holds 'other ip -o link show v1 | grep -q "qdisc noqueue .*state UP"'
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
leave
other ip address flush dev v1
other ip address add 198.51.100.1/24 dev v1
rm /tmp/leases
nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=v1 --bind-interfaces --no-ping --dhcp-authoritative \
    --dhcp-range=198.51.100.100,198.51.100.199,120s --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp >/tmp/dnsmasq 2>&1 & server=$!
until_holds 'grep -q "DHCP, IP range" /tmp/dnsmasq'
other ip link set v1 down
until_holds 'tell status | grep -q "v0: no carrier"'
other ip link set v1 up
until_holds 'ip -o address show v0 | grep -q 198.51.100.1'
until_holds '! ip -o address show v0 | grep -q 192.0.2.1'
# Carrier goes and is back before anybody has looked: it is asked all the same, as it may be another network once more.
asked=$(grep -c DHCPREQUEST /tmp/dnsmasq)
kill -STOP $daemon
other ip link set v1 down
other ip link set v1 up
until_holds 'ip -o link show v0 | grep -q "state UP"'
kill -CONT $daemon
until_holds '[ "$(grep -c DHCPREQUEST /tmp/dnsmasq)" -gt $asked ]'
until_holds 'tell status --json | grep -q "\"dhcp4\":\"bound\""'
# Nobody asks for it any more: it goes.
printf '[link.v0]\nmtu = 1500\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
if ip -o address show v0 | grep -q 198.51.100.1; then fail 'the address is still there'; fi
