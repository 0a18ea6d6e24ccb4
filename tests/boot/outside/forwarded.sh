address=127.0.0.1 port=2222
until_holds 'guest true 2>/tmp/first.log'
until_holds 'guest dinitctl is-started boot >/tmp/boot.log'
# QEMU gave an address; its server of names reaches nobody, which is told, and all else works.
has "$(guest netd status)" '10.0.2.15'
guest 'echo http://mirror.example.org/ > /etc/apk/repositories; oil update' >/tmp/update.log 2>&1 && fail 'there was an index'
has "$(cat /tmp/update.log)" 'mirror.example.org'
guest 'dinitctl start oil-check' >/tmp/check.log 2>&1 && fail 'the daily check found something'
guest dinitctl is-started chronyd >/tmp/chronyd.log || fail 'chronyd needs a server'
guest reboot >/tmp/off.log 2>&1 || true
until_holds '! guest true 2>/dev/null'
