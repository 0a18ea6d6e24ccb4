join
other ip address add 192.0.2.1/24 dev v1
hostile() { : >/tmp/server; nsenter -t $peer -n python3 /tmp/in/hostile.py "$1" >>/tmp/server 2>&1 & server=$!; until_holds 'grep -q ready /tmp/server'; }
printf '[link.v0]\ndhcp4 = { conflicts = false }\n' >/tmp/etc/a.toml
hostile broken
run
until_holds '[ "$(grep -c "got 1" /tmp/server)" -ge 2 ]'
if ip -4 -o address show v0 | grep -q 192.0.2.50; then fail 'it took what makes no sense'; fi
leave
hostile nak
until_holds '[ "$(grep -c "got 3" /tmp/server)" -ge 2 ]'
sleep 5
asked=$(grep -c 'got 3' /tmp/server)
[ "$asked" -le 10 ] || fail "asked $asked times"
if ip -4 -o address show v0 | grep -q 192.0.2.50; then fail 'it took what was refused'; fi
leave
hostile sum
until_holds '[ "$(grep -c "got 1" /tmp/server)" -ge 2 ]'
if ip -4 -o address show v0 | grep -q 192.0.2.50; then fail 'it took what was changed on the way'; fi
leave
hostile short
until_holds 'ip -4 -o address show v0 | grep -q 192.0.2.50'
sleep 3
has "$(ip -4 -o address show v0)" 192.0.2.50
leave
until_holds '! ip -4 -o address show v0 | grep -q 192.0.2.50'
tell status >/dev/null || fail 'it does not answer'
