# What scenarios call beside dinit's own programs. It is read by the shell that runs a scenario, in the scenario's folder.

export DINIT_SOCKET_PATH="$PWD/socket" HERE="$PWD"

# The daemon on sd/, in the background, until it takes orders or has ended. (A shell has background programs ignore
# SIGINT and SIGQUIT; env undoes that.)
daemon() {
    rm -f ready
    env --default-signal=INT,QUIT \
        dinit -u -d sd -p "$PWD/socket" -l "$PWD/log" -b / -q -F 3 "$@" 3>ready >daemon.out 2>daemon.err &
    daemon=$!
    await has_settled
}

has_settled() { [ -s ready ] || ! kill -0 "$daemon"; }

# The daemon's end: its exit status.
ended() {
    wait "$daemon"
    echo "dinit ended: $?"
}

# Runs a command until it succeeds.
await() {
    local count=0
    until "$@" >/dev/null 2>&1; do
        count=$((count + 1))
        if [ $count -gt 400 ]; then
            echo "waited in vain for: $*"
            return 1
        fi
        sleep 0.02
    done
}

# Waits until the daemon has neither opened nor closed anything for a fifth of a second.
descriptors_rest() {
    local count=0 before='' now
    while [ $count -lt 10 ]; do
        now=$(ls -l "/proc/$daemon/fd" | awk 'NF > 8 { print $9, $11 }')
        [ "$now" = "$before" ] && count=$((count + 1)) || count=0
        before=$now
        sleep 0.02
    done
}

# Whether a service has this state (STOPPED, STARTING, STARTED or STOPPING).
is() { [ "$(dinitctl is-started "$1")" = "$2" ]; }

# Whether a file has at least so many lines.
lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# The process of a service.
pid() { dinitctl status "$1" | sed -n 's/.*Process ID: //p'; }

# The list without the numbers of processes.
list() { dinitctl list | sed 's/ (pid: [0-9]*)//'; }

# Every order is bounded: status 124 when it does not return.
dinitctl() { timeout 10 dinitctl "$@"; }
