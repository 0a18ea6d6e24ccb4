printf '[link.many]\nmatch = { name = "t*" }\nmtu = 1300\n' >/tmp/etc/a.toml
run
i=0
while [ $i -lt 500 ]; do echo "link add t$i type veth peer name t${i}b"; i=$((i + 1)); done >/tmp/batch
ip -batch /tmp/batch
tries=0
until [ "$(ip -o link | grep -c 'mtu 1300 .*state UP')" = 1000 ]; do
    tries=$((tries + 1)); [ $tries -lt 360 ] || fail "only $(ip -o link | grep -c 'mtu 1300 ') of 1000"; sleep 0.5
done
has "$(tell status --json)" '"t499b"'
