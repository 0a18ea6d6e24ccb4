uuid=99999999-2222-4333-8444-555555555555
truncate -s 16M "$root"/a
mkfs.ext4 -q -U $uuid "$root"/a
run --buffer 4096
kill -STOP $daemon
attach "$root"/a
i=0
while [ $i -lt 300 ]; do echo change > /sys/class/mem/null/uevent; i=$((i + 1)); done
kill -CONT $daemon
until_holds '[ "$(count overruns)" -ge 1 ]'
until_holds '[ "$(link by-uuid/$uuid)" = ../../$loop ]'
[ "$(count passes)" -ge 2 ] || fail "$(devd status)"
before=$(count passes)
devd trigger
[ "$(count passes)" -gt "$before" ] || fail 'trigger ended before it was done'
