set -eu
mkdir -p "$root"/sys "$root"/dev "$root"/proc "$root"/run "$root"/etc/devd "$root"/lib/devd
mount --rbind /sys "$root"/sys
mount -t tmpfs none "$root"/dev
printf 'root:x:0:\ndisk:x:6:\n' > "$root"/etc/group
printf '[[device]]\nsubsystem = "block"\ngroup = "disk"\nmode = "0640"\n[[device]]\nname = "loop*"\nlinks = "by-number/{number}"\n' > "$root"/lib/devd/50.toml
loops= daemon=
end() {
    [ -z "$daemon" ] || kill $daemon 2> /dev/null || true
    for one in $loops; do losetup -d $one 2> /dev/null || true; done
}
trap end EXIT
devd() { command=$1; shift; "$DEVD" "$command" --root "$root" "$@"; }
run() { "$DEVD" run --root "$root" --no-modules -F 3 "$@" 3> "$root"/ready >> "$root"/log 2>&1 & daemon=$!; until_holds '[ -s "$root"/ready ]'; rm "$root"/ready; }
fail() { echo "FAILED: $*"; echo '-- log'; cat "$root"/log || true; find "$root"/dev | head -100; exit 1; }
until_holds() { tries=0; until eval "$1"; do tries=$((tries + 1)); [ $tries -lt 400 ] || fail "waited in vain for: $1"; sleep 0.05; done; }
# A loop device of a file. As devtmpfs does it, its node is there before the kernel tells of it. $loop is its name.
attach() {
    # Tests run side by side, and what is free is so only until somebody takes it.
    exec 8< /dev/loop-control
    flock 8
    tries=0
    while :; do
        device=$(losetup -f); loop=${device#/dev/}
        rm -f "$root"/dev/$loop
        mknod -m 600 "$root"/dev/$loop b 7 ${loop#loop}
        losetup $device "$1" && break
        # mount(8) asks nobody.
        rm -f "$root"/dev/$loop
        tries=$((tries + 1)); [ $tries -lt 20 ] || fail "another took $device meanwhile"
    done
    exec 8<&-
    loops="$loops $device"
}
detach() { losetup -d /dev/$1; }
link() { readlink "$root"/dev/disk/"$1" 2> /dev/null || echo none; }
count() { devd status --json | tr ',{' '\n\n' | sed -n "s/^\"$1\"://p"; }
