printf '* * * * * good\n\n5 24 * * * bad\n* * * * fri-mon bad\n' >/tmp/users/daemon
status=0
said=$(/tmp/crond --check /tmp/users/daemon 2>&1) || status=$?
[ $status = 1 ] || fail "status $status"
has "$said" "/tmp/users/daemon:3:3: an hour from 0 to 23 is expected, not '24'"
has "$said" "/tmp/users/daemon:4:13: a day of the week that is not before 'fri' is expected, not 'mon'"
printf '@reboot echo heard\n' >/tmp/users/root
printf '* * * * * ghost x\n' >/tmp/systems/ghost
printf '* * * * * root x\n' >/tmp/systems/open
chmod 666 /tmp/systems/open
printf 'MAILTO=ann@example.org\nSHELL=/nonexistent\n@reboot x\n' >/tmp/users/mail
printf '@reboot x\n' >/tmp/users/nobody-has-it
run
logged '/tmp/users/daemon:3:3: an hour from 0 to 23'
logged '/tmp/users/daemon: nothing of it is run until that is right$'
logged "/tmp/systems/ghost:1: there is no user "
logged '/tmp/systems/open: others than its owner can write to it'
logged '/tmp/users/nobody-has-it: there is no user'
logged 'MAILTO=ann@example.org: nothing is sent by mail'
logged '(mail) /tmp/users/mail:3: it cannot be started: No such file or directory$'
# All else is run.
logged 'CMDOUT (heard)$'
end
status=0
/tmp/crond --nope 2>/dev/null || status=$?
[ $status = 2 ] || fail "status $status"
