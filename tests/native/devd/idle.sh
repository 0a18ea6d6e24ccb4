truncate -s 16M "$root"/a
mkfs.ext4 -q "$root"/a
attach "$root"/a
run
until_holds '[ "$(ls /proc/$daemon/task | wc -l)" = 1 ]'
# What others do to devices of this machine wakes it rightly.
tries=0
while :; do
    events=$(count events)
    before=$(grep ctxt_switches /proc/$daemon/status)
    sleep 5
    after=$(grep ctxt_switches /proc/$daemon/status)
    [ "$before" != "$after" ] || break
    tries=$((tries + 1))
    [ "$events" != "$(count events)" ] && [ $tries -lt 5 ] || fail "it woke: $before, then $after"
done
echo "idle: $(grep VmRSS /proc/$daemon/status)"
