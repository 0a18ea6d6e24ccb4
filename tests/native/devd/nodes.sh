# Nodes by which modules are loaded, those of the rules that are about them, and what is in the way of one.
release=$(uname -r)
mkdir -p "$root"/lib/modules/$release
: > "$root"/lib/modules/$release/modules.dep
printf '# nodes\nfuse fuse c10:229\ntun net/tun c10:200\nother ../etc/other c10:1\nmapper mapper/control c10:236\n' > "$root"/lib/modules/$release/modules.devname
printf '[[device]]\nname = ["fuse", "net/tun"]\nmode = "0666"\n[[device]]\nsubsystem = "misc"\ngroup = "disk"\n' > "$root"/lib/devd/60.toml
mkdir "$root"/dev/mapper
: > "$root"/dev/mapper/control
run
[ "$(stat -c '%F %a %g %t:%T' "$root"/dev/fuse)" = 'character special file 666 6 a:e5' ] || fail "$(stat "$root"/dev/fuse)"
[ "$(stat -c '%F %a %g %t:%T' "$root"/dev/net/tun)" = 'character special file 666 6 a:c8' ] || fail "$(stat "$root"/dev/net/tun)"
[ "$(stat -c '%F %a' "$root"/dev/mapper/control)" = 'regular empty file 644' ] || fail 'a file was taken for a node'
[ ! -e "$root"/etc/other ] || fail 'a node elsewhere'
# One that went comes again when all is looked at.
rm "$root"/dev/fuse
devd trigger
[ -c "$root"/dev/fuse ] || fail 'it did not come again'
