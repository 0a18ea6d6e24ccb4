# Packages in a container: of the key that its image has, and of another.
set -eu
fail() { echo "$*" >&2; exit 1; }

test ! -e /sbin/poweroff
oil verify /work/ours/x86_64/toybox-shutdown-*.apk
oil add --repository /work/ours toybox-shutdown
test "$(readlink /sbin/poweroff)" = ../bin/toybox || fail "/sbin/poweroff is $(readlink /sbin/poweroff)"
oil info --installed toybox-shutdown
oil audit --system

# What makes packages is elsewhere, and says where.
said=$(oil keygen /root/key 2>&1) && fail "keygen is there already"
case $said in *"'keygen' is in the package oil-tools"*"oil add oil-tools"*) ;; *) fail "$said" ;; esac
test ! -e /root/key
oil add --repository /work/ours oil-tools
oil keygen /root/key
grep -q 'PRIVATE KEY' /root/key
mkdir -p /root/tree/etc
echo one > /root/tree/etc/one
apk mkpkg --files /root/tree --info name:one --info version:1 --info arch:x86_64 --sign-key /root/key \
    --compression zstd --output /root/one.apk

# Nobody trusts that key, nor that of another cache, until somebody says so.
! oil add /root/one.apk || fail "a package of an unknown key was installed"
said=$(oil add --repository /work/theirs hello 2>&1) && fail "a repository of an unknown key was read"
case $said in *UNTRUSTED*) ;; *) fail "$said" ;; esac
test ! -e /etc/one && test ! -e /etc/hello
cp /root/key.pub /etc/apk/keys/
oil add /root/one.apk
test "$(cat /etc/one)" = one
oil del one toybox-shutdown
test ! -e /etc/one && test ! -e /sbin/poweroff
echo "all went as it should"
