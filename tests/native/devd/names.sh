one=11111111-2222-4333-8444-555555555555
two=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee
truncate -s 16M "$root"/a "$root"/b
mkfs.ext4 -q -L first -U $one "$root"/a
mkswap -q -L 'a swap' -U $two "$root"/b
attach "$root"/a; a=$loop
# There before it is started.
run
[ "$(link by-uuid/$one)" = ../../$a ] || fail 'no name by UUID'
[ "$(link by-label/first)" = ../../$a ] || fail 'no name by label'
[ "$(stat -c '%a %g' "$root"/dev/$a)" = '640 6' ] || fail "$(stat "$root"/dev/$a)"
[ "$(readlink "$root"/dev/by-number/${a#loop})" = ../$a ] || fail 'no name by rule'
devd info "$root"/dev/$a | grep -q "rule   /lib/devd/50.toml:1" || fail "$(devd info "$root"/dev/$a)"
# It comes later.
attach "$root"/b; b=$loop
until_holds '[ "$(link by-uuid/$two)" = ../../$b ]'
[ "$(link 'by-label/a\x20swap')" = ../../$b ] || fail 'no escaped label'
# Somebody writes to it.
printf second | dd of="$root"/dev/$a bs=1 seek=1144 conv=notrunc status=none
until_holds '[ "$(link by-label/second | head -c 8)" = ../../lo ]'
[ "$(link by-label/first)" = none ] || fail 'the old label is still there'
# Two with the same name: who was first keeps it, the other gets it then.
cp "$root"/b "$root"/c
attach "$root"/c; c=$loop
devd trigger
[ "$(link by-uuid/$two)" = ../../$b ] || fail 'the second took the name'
detach $b
until_holds '[ "$(link by-uuid/$two)" = ../../$c ]'
detach $c
until_holds '[ "$(link by-uuid/$two)" = none ]'
# What an earlier run left is removed, and what is still there stays.
kill -9 $daemon; wait $daemon || true
detach $a
ln -s nothing "$root"/dev/mine
run
[ "$(link by-uuid/$one)" = none ] || fail 'a name of an earlier run is still there'
[ "$(readlink "$root"/dev/mine)" = nothing ] || fail 'somebody else'"'"'s link is gone'
devd run > "$root"/second 2>&1 && fail 'a second one runs'
grep -q 'a devd runs already' "$root"/second || fail "$(cat "$root"/second)"
