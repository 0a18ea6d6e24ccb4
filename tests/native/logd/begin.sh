set -eu
mkdir -p /tmp/etc
mkfifo /tmp/kmsg
exec 9<>/tmp/kmsg
log=/var/log/logd/messages
# Debian has a user 'daemon', of number 1.
run() {
    /tmp/logd -c /tmp/etc -k /tmp/kmsg -u daemon -F 4 "$@" 4>/tmp/ready 2>>/tmp/told & daemon=$!
    until_holds '[ -s /tmp/ready ]'
    rm /tmp/ready
}
end() { kill $daemon; wait $daemon || fail "it ended with $?"; }
fail() { echo "FAILED: $*"; echo '-- told'; cat /tmp/told 2>/dev/null || true; echo '-- log'; tail -n 40 $log 2>/dev/null | cut -c -200 || true; exit 1; }
until_holds() { tries=0; until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 400 ] || fail "waited in vain for: $1"; sleep 0.05; done; }
has() { case "$1" in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
# Waits until the log has a line that fits.
logged() { until_holds "grep -q -e '$1' $log"; }
# NUMBER of messages of LENGTH bytes as USER.
say() {
    python3 -c 'import os, socket, sys
count, length, user = map(int, sys.argv[1:])
os.setuid(user)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("/dev/log")
for i in range(count): s.send(b"<30>many: %d " % i + b"x" * length)' "$@"
}
