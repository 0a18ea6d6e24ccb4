# The host's side of the virtual network; what is behind begins when a login by SSH succeeds.
set -eu
fail() { echo "FAILED: $*"; for log in /tmp/*.log; do echo "-- $log"; tail -n 60 "$log"; done; exit 1; }
until_holds() { tries=0; until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 600 ] || fail "waited in vain for: $1"; sleep 0.2; done; }
has() { case "$1" in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
options="-o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/tmp/known -o ConnectTimeout=20 -o LogLevel=ERROR"
guest() { ssh -i "$key" $options -p "$port" root@"$address" "$@"; }
key=/tmp/key
cp /tmp/in/key /tmp/key
chmod 600 /tmp/key
