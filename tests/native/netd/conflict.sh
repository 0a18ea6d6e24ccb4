join
serve --dhcp-host=02:00:00:00:00:01,192.0.2.100
# A third has what the server gives.
other ip link add name br0 type bridge
other ip address flush dev v1
other ip address add 192.0.2.1/24 dev br0
other ip link set v1 master br0
other ip link set br0 up
leave
other ip link add x0 type veth peer name x1
other ip link set x0 master br0 up
unshare -n sleep 1000 & third=$!
until_holds '[ "$(readlink /proc/$third/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
other ip link set x1 netns $third
nsenter -t $third -n ip link set x1 up
nsenter -t $third -n ip address add 192.0.2.100/24 dev x1
nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=br0 --bind-interfaces --no-ping --dhcp-host=02:00:00:00:00:01,192.0.2.100 \
    --dhcp-range=192.0.2.100,192.0.2.200,120s --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp >/tmp/dnsmasq 2>&1 & server=$!
until_holds 'grep -q "DHCP, IP range" /tmp/dnsmasq'
printf '[link.v0]\nmac = "02:00:00:00:00:01"\ndhcp4 = true\n' >/tmp/etc/a.toml
run
until_holds 'grep -q "DHCPDECLINE(br0) 192.0.2.100" /tmp/dnsmasq'
if ip -o address show v0 | grep -q 192.0.2.100; then fail 'it took it'; fi
# Where no server answers, one of its own choice.
leave
printf '[link.v0]\nmac = "02:00:00:00:00:01"\nipv4-link-local = true\n' >/tmp/etc/a.toml
tell apply >/tmp/said || fail "$(cat /tmp/said)"
until_holds 'ip -o address show v0 | grep -q "inet 169.254"'
