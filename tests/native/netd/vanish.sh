# netd is stopped before each of its messages to the kernel in turn, and one of the two links goes then.
cat >/tmp/etc/a.toml <<'X'
[link.d0]
mtu = 1400
addresses = "192.0.2.1/24"
gateway = "192.0.2.254"
neighbours = [{ address = "192.0.2.9", mac = "02:00:00:00:00:09" }]
[link.d0.ipv6]
accept-ra = false
[link.e0]
addresses = "198.51.100.1/24"
routes = [{ to = "203.0.113.0/24", via = "198.51.100.2" }]
X
ip link add e0 type veth peer name e0b
when=0
while :; do
    when=$((when + 1))
    [ $when -lt 60 ] || fail 'netd does not come to an end'
    ip link add d0 type veth peer name d0b
    ip address flush dev e0
    ip link set e0 down
    strace -qq -o /tmp/calls -e trace=sendto -e inject=sendto:signal=STOP:when=$when /tmp/netd apply -c /tmp/etc -s /tmp/sock >/tmp/said 2>&1 & tracer=$!
    until_holds 'grep -q "stopped by SIGSTOP" /tmp/calls 2>/dev/null || ! kill -0 $tracer 2>/dev/null'
    if ! grep -q 'stopped by SIGSTOP' /tmp/calls; then
        # It was done before that message came.
        wait $tracer || fail "$(cat /tmp/said)"
        break
    fi
    ip link del d0
    kill -CONT $(cat /proc/$tracer/task/$tracer/children)
    wait $tracer || fail "message $when: $(cat /tmp/said)"
    if grep -q error /tmp/said; then fail "message $when: $(cat /tmp/said)"; fi
    has "$(ip -o address show e0)" 'inet 198.51.100.1/24'
    has "$(ip route)" '203.0.113.0/24 via 198.51.100.2 dev e0'
    has "$(netd plan -c /tmp/etc -s /tmp/sock)" 'everything is as it is wanted'
    rm /tmp/calls
done
[ $when -gt 15 ] || fail "only $when messages"
has "$(ip -o address show d0)" 'inet 192.0.2.1/24'
