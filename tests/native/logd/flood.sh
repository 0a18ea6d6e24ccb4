run
# A megabyte at once is what one may say.
say 5000 500 1234
python3 -c 'import os, socket
os.setuid(1235)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
s.send(b"<30>other: heard all the same")'
logged 'uid=1235 other.*heard all the same'
logged 'logd\[[0-9]*\]: many of user 1234 (process [0-9]*) says too much: '
end
# Renamed files as well: the log is a megabyte, and four of them.
there=$(cat $log* | grep -c ' uid=1234 many\[')
lost=$(cat $log* | sed -n 's/.*: \([0-9]*\) messages of user 1234 .* were dropped.*/\1/p' | awk '{ n += $1 } END { print n }')
[ $((lost + there)) = 5000 ] || fail "$there are there, $lost are said to be dropped"
[ $there -gt 1000 ] && [ $lost -gt 1000 ] || fail "$there are there, $lost are dropped"
