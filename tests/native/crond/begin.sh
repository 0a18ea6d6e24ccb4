set -eu
mkdir -p /tmp/users /tmp/systems /tmp/etc
printf 'kernel = false\n' >/tmp/etc/a.toml
log=/var/log/logd/messages
/tmp/logd -c /tmp/etc -F 4 4>/tmp/ready 2>>/tmp/told & logd=$!
run() {
    /tmp/crond -c /tmp/users -d /tmp/systems -F 4 4>/tmp/started 2>>/tmp/told & daemon=$!
    until_holds '[ -s /tmp/started ]'
    rm /tmp/started
}
end() { kill $daemon; wait $daemon || fail "it ended with $?"; }
fail() { echo "FAILED: $*"; echo '-- told'; cat /tmp/told 2>/dev/null || true; echo '-- log'; cat $log 2>/dev/null || true; exit 1; }
# A minute may have to pass.
until_holds() { tries=0; until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 1500 ] || fail "waited in vain for: $1"; sleep 0.05; done; }
has() { case "$1" in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
logged() { until_holds "grep -q -e '$1' $log"; }
until_holds '[ -s /tmp/ready ]'
