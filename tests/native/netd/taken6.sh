# The server gives what another has: the kernel finds out, and the server is told.
join
other ip address add 2001:db8::100/64 dev v1 nodad
other ip address add 2001:db8::101/64 dev v1 nodad
printf '[link.v0]\ndhcp6 = { when = "always" }\n' >/tmp/etc/a.toml
serve6 --dhcp-range=2001:db8::100,2001:db8::101,64,120s
run
until_holds '[ "$(grep -c DHCPDECLINE /tmp/dnsmasq)" -ge 2 ]'
if ip -6 -o address show v0 | grep -v 'tentative\|dadfailed' | grep -q '2001:db8::10[01]/128'; then fail 'it uses what another has'; fi
# He gives it up.
other ip address del 2001:db8::100/64 dev v1
other ip address del 2001:db8::101/64 dev v1
until_holds 'ip -6 -o address show v0 | grep -v "tentative\|dadfailed" | grep -q "2001:db8::10[01]/128"'
