join
ip link set v0 up
until_holds 'other ip -6 -o address show v1 | grep "scope link" | grep -vq tentative'
hostile() { : >/tmp/server; nsenter -t $peer -n python3 /tmp/in/hostile6.py "$1" >>/tmp/server 2>&1 & server=$!; until_holds 'grep -q ready /tmp/server'; }
printf '[link.v0]\ndhcp6 = { when = "always", prefix = 60 }\n' >/tmp/etc/a.toml
hostile broken
run
until_holds '[ "$(grep -c "got 1" /tmp/server)" -ge 3 ]'
if ip -6 -o address show v0 | grep -q 'scope global'; then fail 'it took what makes no sense'; fi
if ip -6 route | grep -q unreachable; then fail 'it took what makes no sense'; fi
[ "$(grep -c 'got 3' /tmp/server)" = 0 ] || fail 'it asked for what makes no sense'
leave
hostile refuse
until_holds '[ "$(grep -c "got 3" /tmp/server)" -ge 2 ]'
sleep 3
asked=$(grep -c 'got 3' /tmp/server)
[ "$asked" -le 10 ] || fail "asked $asked times"
if ip -6 -o address show v0 | grep -q 'scope global'; then fail 'it took what was refused'; fi
leave
hostile short
until_holds 'ip -6 -o address show v0 | grep -q 2001:db8::50'
# Renewed before it ends, again and again.
until_holds '[ "$(grep -c "got [56]" /tmp/server)" -ge 3 ]'
leave
until_holds '! ip -6 -o address show v0 | grep -q 2001:db8::50'
tell status >/dev/null || fail 'it does not answer'
