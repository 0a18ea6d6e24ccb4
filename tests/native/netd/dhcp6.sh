# Routers say that there are addresses (flag M), dnsmasq gives them.
join
printf '[link.v0]\ndhcp6 = true\nipv6 = { accept-ra = true }\n[ntp]\nchrony = "/tmp/netd.sources"\n' >/tmp/etc/a.toml
run
serve6 --dhcp-range=2001:db8::100,2001:db8::1ff,64,120s --dhcp-option=option6:ntp-server,[2001:db8::7b]
until_holds 'ip -6 -o address show v0 | grep -q "inet6 2001:db8::1[0-9a-f]*/128 .*valid_lft"'
until_holds 'grep -qs "nameserver 2001:db8::53" /tmp/resolv.conf'
has "$(cat /tmp/resolv.conf)" 'search example.net'
until_holds 'grep -qsx "server 2001:db8::7b iburst" /tmp/netd.sources'
has "$(tell status --json)" '"dhcp6":"bound"'
tell wait-online -t 20 v0:routable || fail 'not online'
address=$(ip -6 -o address show v0 | grep -o '2001:db8::1[0-9a-f]*/128')
solicits=$(grep -c DHCPSOLICIT /tmp/dnsmasq)

# Carrier goes and comes: it is asked whether the address belongs here.
other ip link set v1 down
until_holds 'tell status | grep -q "v0: no carrier"'
other ip address add 2001:db8::1/64 dev v1 nodad 2>/dev/null || true
other ip link set v1 up
until_holds 'grep -q DHCPCONFIRM /tmp/dnsmasq'
until_holds 'tell status --json | grep -q "\"dhcp6\":\"bound\""'
has "$(ip -6 -o address show v0)" "$address"
[ "$(grep -c DHCPSOLICIT /tmp/dnsmasq)" = $solicits ] || fail "$(cat /tmp/dnsmasq)"
# Carrier goes and is back before anybody has looked: it is asked all the same.
confirms=$(grep -c DHCPCONFIRM /tmp/dnsmasq)
kill -STOP $daemon
other ip link set v1 down
other ip link set v1 up
other ip address add 2001:db8::1/64 dev v1 nodad 2>/dev/null || true
until_holds 'ip -o link show v0 | grep -q "state UP"'
kill -CONT $daemon
until_holds '[ "$(grep -c DHCPCONFIRM /tmp/dnsmasq)" -gt $confirms ]'
until_holds 'tell status --json | grep -q "\"dhcp6\":\"bound\""'
has "$(ip -6 -o address show v0)" "$address"
[ "$(grep -c DHCPSOLICIT /tmp/dnsmasq)" = $solicits ] || fail "$(cat /tmp/dnsmasq)"
confirms=$(grep -c DHCPCONFIRM /tmp/dnsmasq)

# The daemon is started anew: the address stays.
kill $daemon
wait $daemon || true
has "$(ip -6 -o address show v0)" "$address"
run
until_holds '[ "$(grep -c DHCPCONFIRM /tmp/dnsmasq)" -gt $confirms ]'
until_holds 'tell status --json | grep -q "\"dhcp6\":\"bound\""'
has "$(ip -6 -o address show v0)" "$address"
[ "$(grep -c DHCPSOLICIT /tmp/dnsmasq)" = $solicits ] || fail "$(cat /tmp/dnsmasq)"
# Nobody asks for it any more: it goes.
printf '[link.v0]\nipv6 = { accept-ra = true }\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
if ip -6 -o address show v0 | grep -q "$address"; then fail 'the address is still there'; fi
