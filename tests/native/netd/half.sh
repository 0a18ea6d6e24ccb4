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
