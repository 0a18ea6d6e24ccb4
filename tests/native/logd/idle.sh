run
logger -t tea 'once'
logged once
timeout 6 strace -f -o /tmp/calls -p $daemon || true
[ -s /tmp/calls ] || fail 'strace saw nothing'
calls=$(grep -v -c 'strace\|resumed\|exited\|+++\|---' /tmp/calls || true)
# The two waits that it found.
[ "$calls" -le 2 ] || fail "$(cat /tmp/calls)"
echo "idle: $(grep VmRSS /proc/$daemon/status)"
end
