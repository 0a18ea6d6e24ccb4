printf '[file.a]\npath = "/var/log/a"\nlevel = "loud"\n' >/tmp/etc/a.toml
said=$(/tmp/logd -c /tmp/etc 2>&1) && fail "it runs"
has "$said" 'logd: /tmp/etc/a.toml:3: file.a.level: one of emerg, '
said=$(/tmp/logd -c /tmp/etc --check 2>&1) && fail "it is good"
has "$said" '/tmp/etc/a.toml:3: '
[ ! -e /dev/log ] || fail 'it listened before it knew what it is to do'
rm /tmp/etc/a.toml
said=$(/tmp/logd -u nobody-has-it 2>&1) && fail "it runs"
has "$said" "/etc/passwd: there is no user 'nobody-has-it': make one, or leave --user out"
status=0
/tmp/logd --nope 2>/dev/null || status=$?
[ $status = 2 ] || fail "status $status"
# A folder of others, in which nothing can be renamed, and a file that is no file.
mkdir /tmp/theirs
ln -s /etc/passwd /tmp/theirs/link
printf '[file.a]\npath = "/tmp/theirs/a"\nsize = "4K"\n[file.b]\npath = "/tmp/theirs/link"\n[file.all]\npath = "%s"\n' $log >/tmp/etc/a.toml
run
say 100 100 0
logged ' syslog.err uid=1 logd.*: /tmp/theirs/link: writing to it: '
until_holds '[ $(grep -c " many\[" /tmp/theirs/a) = 100 ]'
has "$(cat /tmp/theirs/a)" 'it cannot be renamed, and grows: Permission denied; give us a folder of our own'
if grep -q many /etc/passwd; then fail 'it followed a link'; fi
# A mistake in the files changes nothing.
printf 'nonsense\n' >>/tmp/etc/a.toml
kill -HUP $daemon
logged 'a.toml:8: .*: all goes on as before$'
say 1 1 5
logged ' uid=5 many'
# A file that cannot be made is told in those that are there.
sed -i '$d; s,/tmp/theirs/a,/etc/nowhere/a,' /tmp/etc/a.toml
kill -HUP $daemon
logged ' logd.*: /etc/nowhere/a: writing to it: '
say 1 1 6
logged ' uid=6 many'
# Without the kernel's log, as in a container.
end
rm /tmp/etc/a.toml
/tmp/logd -c /tmp/etc -k /dev/nothing 2>/tmp/said & daemon=$!
logged "/dev/nothing: opening it: No such file or directory: the kernel"
has "$(cat /tmp/said)" '/dev/nothing'
end
