# Once a year, far from now.
month=$(date +%m)
printf '0 0 1 %s * true\n' $(((${month#0} + 5) % 12 + 1)) >/tmp/users/root
/tmp/crond --check /tmp/users/root || fail "$(cat /tmp/users/root)"
run
logged ': 1 jobs at times, 0 at the start$'
timeout 6 strace -f -o /tmp/calls -p $daemon || true
[ -s /tmp/calls ] || fail 'strace saw nothing'
calls=$(grep -v -c 'strace\|resumed\|exited\|+++\|---' /tmp/calls || true)
# The wait that it found.
[ "$calls" -le 1 ] || fail "$(cat /tmp/calls)"
echo "idle: $(grep VmRSS /proc/$daemon/status)"
end
