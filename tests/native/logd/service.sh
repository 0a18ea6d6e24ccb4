# The package's own service, with the programs and files of this test.
mkdir /tmp/services
sed 's,/sbin/logd --user logd,/tmp/logd --user daemon -c /tmp/etc -k /tmp/kmsg,' /tmp/root/lib/dinit.d/logd >/tmp/services/logd
/tmp/dinit -u -d /tmp/services -p /tmp/dinit.sock logd >/tmp/told 2>&1 & dinit=$!
until_holds 'grep -q "OK.*logd\|FAIL.*logd" /tmp/told'
if grep -q FAIL /tmp/told; then fail 'the service failed'; fi
logger -t tea 'by dinit'
logged ' uid=0 tea\[[0-9]*\]: by dinit'
daemon=$(sed -n 's/.* logd\[\([0-9]*\)\]: logd .* begins$/\1/p' $log)
has "$(tr '\0' ' ' </proc/$daemon/cmdline)" '/tmp/logd'
# Killed: what is said before the next one runs waits for it.
kill -KILL $daemon
logger -t tea 'in between'
logged ' uid=0 tea\[[0-9]*\]: in between'
[ "$(grep -c 'logd .* begins$' $log)" = 2 ] || fail 'it was not started anew'
kill $dinit
wait $dinit || true
has "$(tail -n 1 $log)" 'logd ends'
