ln -s logd /tmp/logctl
run
[ "$(stat -c %a:%F /dev/log)" = '666:socket' ] || fail "$(stat /dev/log)"
[ "$(stat -c %a:%u $log /var/log/logd | tr '\n' ' ')" = '640:1 750:1 ' ] || fail "$(ls -ln /var/log /var/log/logd)"
has "$(grep '^Uid:' /proc/$daemon/status | tr '\t' ' ')" 'Uid: 1 1 1 1'
has "$(grep '^CapEff:' /proc/$daemon/status)" '0000000000000000'
logger -t tea -p daemon.warning 'the kettle
boils'
logged ' daemon.warning uid=0 tea\[[0-9]*\]: the kettle'
logger -t debugger -p user.debug 'not in the log'
logger --rfc5424 -t tea -p local3.crit --msgid CUP --sd-id cup@1 --sd-param 'full="yes"' 'poured'
logged ' local3.crit uid=0 tea\[[0-9]*\]: CUP .*\[cup@1 full="yes"\] poured$'
# Who says something else of itself than the kernel does.
python3 -c 'import os, socket
open("/tmp/pid", "w").write(str(os.getpid()))
os.setuid(1234)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
s.send(b"<0>Jan  1 00:00:00 kernel[1]: panic \x1b[2J\xff\0")
s.send(b"x" * 20000)'
logged "T.* user.emerg uid=1234 kernel\\[$(cat /tmp/pid)\\]: panic .x1b.2J.xff\$"
logged ' user.notice uid=1234 -\[[0-9]*\]: xxx.*x (cut)$'
# The kernel.
printf '4,10,5,-;out of tea\n SUBSYSTEM=kitchen\n' >&9
logged ' kern.warning kernel: out of tea$'
printf '7,14,6,-,caller=T1;a \\x5c b\n' >&9
logged ' kern.debug kernel: a .. b$'
logged ' syslog.warning uid=1 logd\[[0-9]*\]: 3 messages of the kernel were overwritten'
printf '30,15,6,-;udev[7]: by way of the kernel\n' >&9
logged ' daemon.info udev: by way of the kernel$'
if grep -q 'not in the log' $log; then fail 'a message of a level that is not wanted is there'; fi
# Another renames the file, and has it opened anew.
mv $log /tmp/moved
kill -HUP $daemon
logger -t tea 'new file'
logged 'new file'
# It writes all, and the next one goes on.
logger -t tea 'last words'
end
has "$(tail -n 2 $log)" 'last words'
has "$(tail -n 1 $log)" 'logd ends'
[ "$(cat /run/logd/kernel)" = 00000000000000000016 ] || fail "$(cat /run/logd/kernel)"
printf '7,15,6,-;again\n' >&9
run
# A pipe gives two records at once, which the kernel's log does not: the first was read when the second message is there.
for word in first second; do logger -t tea "$word sign"; logged "$word sign"; done
printf '7,16,6,-;anew\n' >&9
logged 'kernel: anew'
if grep -q 'kernel: again' $log; then fail 'it stands there twice'; fi
said=$(/tmp/logd -c /tmp/etc 2>&1) && fail 'two of them run'
has "$said" '/dev/log: another listens there: end it first'
has "$(/tmp/logctl -k -j -c /tmp/etc)" '"facility":"kern","level":"debug","program":"kernel","text":"anew"}'
