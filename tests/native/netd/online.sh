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
