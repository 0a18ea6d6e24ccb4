printf '[[device]]\nname = "loop*"\nmode = "rw"\n' > "$root"/etc/devd/60.toml
printf 'nonsense\n' > "$root"/etc/devd/70.toml
mkdir -p "$root"/etc/modprobe.d
printf 'blacklst pcspkr\n' > "$root"/etc/modprobe.d/a.conf
devd check > "$root"/said 2>&1 && fail 'check found nothing'
grep -q "/etc/devd/60.toml:3: 'rw' is no mode" "$root"/said || fail "$(cat "$root"/said)"
grep -q '/etc/devd/70.toml:1: ' "$root"/said || fail "$(cat "$root"/said)"
grep -q "/etc/modprobe.d/a.conf:1: there is no 'blacklst'" "$root"/said || fail "$(cat "$root"/said)"
truncate -s 16M "$root"/a
attach "$root"/a
run
[ "$(stat -c '%a %g' "$root"/dev/$loop)" = '640 6' ] || fail 'the other rules did not count'
grep -q "/etc/devd/60.toml:3: 'rw' is no mode" "$root"/log || fail 'it is not in the log'
# A list of rules that is put right counts when it is read anew.
printf '[[device]]\nname = "loop*"\nmode = "0600"\n' > "$root"/etc/devd/60.toml
devd trigger
[ "$(stat -c %a "$root"/dev/$loop)" = 600 ] || fail 'the new rules do not count'
devd match pci:v00008086d00001533sv00000000sd00000000bc02sc00i00 --kernel 0.0 2> "$root"/said && fail 'modules of no kernel'
grep -q "install the modules of kernel 0.0" "$root"/said || fail "$(cat "$root"/said)"
