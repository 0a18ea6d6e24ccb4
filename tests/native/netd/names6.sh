# Routers say that there are names alone (flag O).
join
printf '[link.v0]\ndhcp6 = true\nipv6 = { accept-ra = true }\n' >/tmp/etc/a.toml
run
serve6 --dhcp-range=2001:db8::,ra-stateless
until_holds 'tell status --json | grep -q "\"dhcp6\":\"informed\""'
has "$(cat /tmp/dnsmasq)" 'DHCPINFORMATION-REQUEST'
until_holds 'grep -qs "nameserver 2001:db8::53" /tmp/resolv.conf'
if grep -q DHCPSOLICIT /tmp/dnsmasq; then fail "$(cat /tmp/dnsmasq)"; fi
until_holds 'ip -6 -o address show v0 | grep -q "scope global dynamic"'
