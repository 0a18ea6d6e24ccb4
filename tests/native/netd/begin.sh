set -eu
mkdir -p /tmp/etc /tmp/keep
netd() { /tmp/netd "$@"; }
run() { /tmp/netd run -c /tmp/etc -s /tmp/sock -k /tmp/keep -n /tmp/resolv.conf -F 3 3>/tmp/ready >>/tmp/log 2>&1 & daemon=$!; until_holds '[ -s /tmp/ready ]'; rm /tmp/ready; }
tell() { command=$1; shift; /tmp/netd "$command" -s /tmp/sock "$@"; }
fail() { echo "FAILED: $*"; echo '-- log'; cat /tmp/log 2>/dev/null || true; ip address; ip route; exit 1; }
until_holds() { tries=0; until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 400 ] || fail "waited in vain for: $1"; sleep 0.05; done; }
has() { case "$1" in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
ip link set lo up
join() {
    unshare -n sleep 1000 & peer=$!
    until_holds '[ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
    ip link add v0 type veth peer name v1
    ip link set v1 netns $peer
    other ip link set lo up
    other ip link set v1 up
}
# Ends the server, and waits until its port is free for the next one.
leave() { kill $server; wait $server || true; }
other() { nsenter -t $peer -n "$@"; }
serve() {
    other ip address add 192.0.2.1/24 dev v1
    nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=v1 --bind-interfaces --no-ping \
        --dhcp-range=192.0.2.100,192.0.2.199,120s --dhcp-option=option:dns-server,192.0.2.53 \
        --dhcp-option=option:domain-name,example.org --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp "$@" >/tmp/dnsmasq 2>&1 & server=$!
    until_holds 'grep -q "DHCP, IP range" /tmp/dnsmasq'
}
serve6() {
    other ip address add 2001:db8::1/64 dev v1 nodad
    nsenter -t $peer -n dnsmasq -d -C /dev/null --user=root --group= --port=0 --interface=v1 --bind-interfaces --enable-ra \
        --dhcp-option=option6:dns-server,[2001:db8::53] --dhcp-option=option6:domain-search,example.net --dhcp-leasefile=/tmp/leases \
        --pid-file= --log-dhcp "$@" >/tmp/dnsmasq 2>&1 & server=$!
    until_holds 'grep -q "IPv6 router advertisement enabled" /tmp/dnsmasq'
}
