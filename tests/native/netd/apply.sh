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
