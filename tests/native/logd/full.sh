mkdir /tmp/small
mount -t tmpfs -o size=1m none /tmp/small
printf 'rate = 0\n[file.small]\npath = "/tmp/small/log/messages"\nsize = "8M"\n' >/tmp/etc/a.toml
log=/tmp/small/log/messages
run
logger -t tea 'before'
logged 'before'
head -c 2m /dev/zero >/tmp/small/other 2>/dev/null || true
# More than is kept; and whoever says it does not wait.
say 1000 1000 0
rm /tmp/small/other
logger -t tea 'after'
logged 'tea\[[0-9]*\]: after$'
logged 'messages were lost here: No space left on device$'
lost=$(sed -n 's/.*: \([0-9]*\) messages were lost here.*/\1/p' $log | awk '{ n += $1 } END { print n }')
there=$(grep -c ' many\[' $log)
[ $((lost + there)) = 1000 ] || fail "$there are there, $lost are said to be lost"
# No line is half a line.
[ "$(grep -c -v '^20..-..-..T..:..:..\.......Z [a-z0-9]*\.[a-z]* uid=[0-9]* [a-z]*\[[0-9]*\]: ' $log)" = 0 ] || fail 'half a line is there'
end
