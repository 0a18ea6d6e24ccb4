# The package's own services, with the programs and files of this test.
mkdir -p /tmp/services
for service in netd network-online; do
    sed 's,/sbin/netd [a-z-]*,& -s /tmp/sock,; s,/sbin/netd run,& -c /tmp/etc -k /tmp/keep -n /tmp/resolv.conf,; s,/sbin/netd,/tmp/netd,' \
        /tmp/root/lib/dinit.d/$service >/tmp/services/$service
done
cp /tmp/root/etc/netd/* /tmp/etc/
ip link set lo down
join
printf '[link.v0]\naddresses = "192.0.2.5/24"\n' >/tmp/etc/a.toml
/tmp/dinit -u -d /tmp/services -p /tmp/dinit.sock network-online >/tmp/log 2>&1 & dinit=$!
until_holds 'grep -q "OK.*network-online\|FAIL.*network-online" /tmp/log'
if grep -q FAIL /tmp/log; then fail 'a service failed'; fi
has "$(ip -o address show v0)" '192.0.2.5/24'
has "$(ip -o link show lo)" 'LOOPBACK,UP'
has "$(tell status)" 'online'
kill $dinit
wait $dinit || true
has "$(ip -o address show v0)" '192.0.2.5/24'
