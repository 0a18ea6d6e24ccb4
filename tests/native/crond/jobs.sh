cat >/tmp/users/daemon <<'X'
GREETING = "good day"
* * * * * echo "$GREETING $(id -u):$(id -g):$(id -G) $LOGNAME $PWD"; cat; exit 5%first%second
* * * * * sleep 0.2; echo late >&2
X
cat >/tmp/systems/two <<'X'
@reboot root echo started as $(id -u)
* * * * * mail echo mine $(id -un) $(id -gn)
X
/tmp/crond --check /tmp/users/daemon || fail 'it is good'
run
logged ' cron.info uid=0 crond\[[0-9]*\]: 3 jobs at times, 1 at the start$'
logged ': (root) CMDOUT (started as 0)$'
# By the clock.
logged ': (daemon) CMDOUT (good day 1:1:1 daemon /usr/sbin)$'
logged ': (daemon) CMDOUT (first)$'
logged ': (daemon) CMDOUT (second)$'
logged ' cron.warning .*: (daemon) CMDEND (echo .*) with status 5$'
logged ': (daemon) CMDOUT (late)$'
logged ': (mail) CMDOUT (mine mail mail)$'
# At the beginning of a minute, each once.
has "$(grep 'CMD (echo mine' $log)" ':00.'
[ "$(grep -c 'CMD (sleep' $log)" = 1 ] || [ "$(grep 'CMD (sleep' $log | cut -c -16 | uniq -d)" = '' ] || fail 'it was run twice'
# No child is left that nobody waits for.
until_holds '! grep -q "^PPid:.$daemon\$" /proc/[0-9]*/status 2>/dev/null'
# Tables that change are read without being told, and @reboot is over.
printf '* * * * * echo other\n' >/tmp/users/daemon
logged ': 2 jobs at times, 1 at the start$'
rm /tmp/users/daemon
logged ': 1 jobs at times, 1 at the start$'
end
run
end
[ "$(grep -c 'CMDOUT (started as 0)' $log)" = 1 ] || fail '@reboot came twice'
# The package's own service.
mkdir /tmp/services
sed 's,/sbin/crond,/tmp/crond -c /tmp/users -d /tmp/systems,' /tmp/root/lib/dinit.d/crond >/tmp/services/crond
/tmp/dinit -u -d /tmp/services -p /tmp/dinit.sock crond >/tmp/told 2>&1 & dinit=$!
until_holds 'grep -q "OK.*crond\|FAIL.*crond" /tmp/told'
if grep -q FAIL /tmp/told; then fail 'the service failed'; fi
kill $dinit
wait $dinit || true
