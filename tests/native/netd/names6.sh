# Routers say that there are names alone (flag O), and servers of time with them.
join
printf '[link.v0]\ndhcp6 = true\nipv6 = { accept-ra = true }\n[ntp]\nchrony = "/tmp/netd.sources"\n' >/tmp/etc/a.toml
run
serve6 --dhcp-range=2001:db8::,ra-stateless --dhcp-option=option6:ntp-server,[2001:db8::7b]
until_holds 'tell status --json | grep -q "\"dhcp6\":\"informed\""'
has "$(cat /tmp/dnsmasq)" 'DHCPINFORMATION-REQUEST'
until_holds 'grep -qs "nameserver 2001:db8::53" /tmp/resolv.conf'
until_holds 'grep -qsx "server 2001:db8::7b iburst" /tmp/netd.sources'
if grep -q DHCPSOLICIT /tmp/dnsmasq; then fail "$(cat /tmp/dnsmasq)"; fi
until_holds 'ip -6 -o address show v0 | grep -q "scope global dynamic"'
