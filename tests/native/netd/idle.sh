join
serve
i=0
while [ $i -lt 4 ]; do ip link add s$i type veth peer name s${i}b; i=$((i + 1)); done
printf '[link.v0]\ndhcp4 = { conflicts = false }\n[link.many]\nmatch = { name = "s*" }\n' >/tmp/etc/a.toml
run
tell wait-online -t 20 v0:address || fail 'not online'
# What the kernel does by itself with the new links is over when their addresses are.
until_holds '! ip -6 address | grep -q tentative'
# The address is announced for two seconds.
sleep 8
timeout 6 strace -f -o /tmp/calls -p $daemon || true
[ -s /tmp/calls ] || fail 'strace saw nothing'
calls=$(grep -c 'epoll_wait\|epoll_pwait' /tmp/calls || true)
[ "$calls" -le 1 ] || fail "$(cat /tmp/calls)"
echo "idle: $(grep VmRSS /proc/$daemon/status)"
