join
other ip address add 2001:db8::1/64 dev v1 nodad
printf '[link.v0]\nipv6 = { accept-ra = true, privacy = true }\n' >/tmp/etc/a.toml
run
serve --enable-ra --dhcp-range=2001:db8::,ra-only --dhcp-option=option6:dns-server,[2001:db8::53] --dhcp-option=option6:domain-search,example.net
tell wait-online -t 60 v0:routable || fail 'not online'
until_holds 'ip -6 address show dev v0 | grep -q "scope global temporary"'
until_holds 'grep -qs "nameserver 2001:db8::53" /tmp/resolv.conf'
has "$(cat /tmp/resolv.conf)" 'search example.net'
