make_root /tmp/a
# A list of access: who has number 1000 may read it.
echo secret >/tmp/a/etc/listed
chmod 600 /tmp/a/etc/listed
attribute /tmp/a/etc/listed system.posix_acl_access 0200000001000600ffffffff02000400e803000004000000ffffffff10000400ffffffff20000000ffffffff
g mkfs -q /tmp/a /tmp/a.img
g keygen /tmp/key >/dev/null
g sign -k /tmp/key /tmp/a.img >/dev/null
identity=$(g info /tmp/a.img | awk 'NR == 1 { print $2 }')
mkdir /tmp/m
# As root, in the background: what is there is what was put in, attributes too, as the image of it is the same.
g mount -k /tmp/key.pub --digest $identity --allow-other /tmp/a.img /tmp/m || fail "not mounted"
grep -q '^/tmp/a.img /tmp/m fuse.glowfs ro,' /proc/mounts || fail "$(cat /proc/mounts)"
state /tmp/a >/tmp/a.state
state /tmp/m >/tmp/m.state
diff /tmp/a.state /tmp/m.state || fail "what is mounted differs"
[ "$(cd /tmp/a && find . -type f | LC_ALL=C sort)" = "$(cd /tmp/m && find . -type f | LC_ALL=C sort)" ] || fail "names differ"
g mkfs -q /tmp/m /tmp/b.img
g sign -k /tmp/key /tmp/b.img >/dev/null
cmp /tmp/a.img /tmp/b.img || fail "the image of what is mounted differs: $(g diff /tmp/a.img /tmp/b.img)"
[ "$(stat -c %i /tmp/m/etc/deep/f1)" = "$(stat -c %i /tmp/m/etc/deep/er/hard)" ] || fail "a hard link is two files"
[ "$(stat -f -c '%b %c %l' /tmp/m)" = "$(($(stat -c %s /tmp/a.img) / 4096)) $(find /tmp/a | sort -u | wc -l | awk '{print $1 - 1}') 255" ] || fail "$(stat -f /tmp/m)"
[ ! -e /tmp/m/etc/nothing ] && [ ! -e /tmp/m/etc/nothing ] || fail "something that is not there"
for wrong in 'echo x >/tmp/m/x' 'rm /tmp/m/etc/deep/f9' 'chmod 0 /tmp/m/etc'; do
    told=$( (eval "$wrong") 2>&1) && fail "it was written to"
    has "$told" "Read-only file system"
done
# Permissions hold for others.
as() { setpriv --reuid=$1 --regid=$1 --clear-groups cat /tmp/m/etc/listed 2>&1; }
[ "$(as 1000)" = secret ] || fail "the list of access is not asked: $(as 1000)"
told=$(as 1001) && fail "everybody reads it"
has "$told" "Permission denied"
# Many at once.
for reader in 1 2 3 4; do
    (cd /tmp/m && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >/tmp/sums.$reader &
done
wait
for reader in 1 2 3 4; do
    grep -vxFf /tmp/a.state /tmp/sums.$reader && fail "reader $reader read something else"
done
umount /tmp/m
# In the foreground, ended by a signal: who has a file open reads on.
/tmp/glowfsctl mount -f -k /tmp/key.pub /tmp/a.img /tmp/m 2>/tmp/said &
daemon=$!
for try in $(seq 100); do grep -q /tmp/m /proc/mounts && break; sleep 0.1; done
exec 5</tmp/m/var/noise
kill $daemon
for try in $(seq 100); do grep -q /tmp/m /proc/mounts || break; sleep 0.1; done
[ -z "$(ls -A /tmp/m)" ] || fail "it is still there"
cmp /tmp/a/var/noise - <&5 || fail "who had it open reads something else"
exec 5<&-
wait $daemon || fail "it ended with $?: $(cat /tmp/said)"
[ ! -s /tmp/said ] || fail "it said: $(cat /tmp/said)"
# What is required.
g keygen /tmp/other >/dev/null
told=$(g mount -k /tmp/other.pub /tmp/a.img /tmp/m 2>&1) && fail "mounted with another key"
has "$told" "/tmp/a.img: not signed by any of the required keys"
told=$(g mount --digest $(printf '00%.0s' $(seq 32)) /tmp/a.img /tmp/m 2>&1) && fail "mounted with another digest"
has "$told" "the image's digest is not the required one"
told=$(g mount --digest sha256 /tmp/a.img /tmp/m 2>&1) && fail "mounted with no digest"
has "$told" "64 hexadecimal digits"
told=$(g mount -k /tmp/key.pub /tmp/a.img /tmp/key 2>&1) && fail "mounted on a file"
has "$told" "/tmp/key: mounting: Not a directory"
told=$(g mount -k /tmp/key.pub /tmp/a.img /tmp/none 2>&1) && fail "mounted on nothing"
has "$told" "/tmp/none: mounting: No such file or directory"
grep /tmp/m /proc/mounts && fail "something is mounted"
# Bytes that were changed: no file is wrong, those in their blocks cannot be read, and it is told once which.
cp /tmp/a.img /tmp/d.img
for at in 5000 300000 600000; do
    printf '\125\252\125\252' | dd of=/tmp/d.img bs=1 seek=$at conv=notrunc 2>/dev/null
done
/tmp/glowfsctl mount -f /tmp/d.img /tmp/m 2>/tmp/said &
daemon=$!
for try in $(seq 100); do grep -q /tmp/m /proc/mounts && break; sleep 0.1; done
broken=0
for file in $(cd /tmp/a && find . -type f); do
    if cat /tmp/m/$file >/tmp/read 2>/tmp/why; then
        cmp /tmp/read /tmp/a/$file || fail "$file is another"
    else
        has "$(cat /tmp/why)" "Input/output error"
        broken=$((broken + 1))
        # The pages before it, and again.
        cat /tmp/m/$file >/dev/null 2>&1 && fail "$file can be read the second time"
    fi
done
[ $broken -gt 0 ] && [ $broken -lt 250 ] || fail "$broken files cannot be read"
umount /tmp/m
wait $daemon || fail "it ended with $?"
has "$(cat /tmp/said)" "/tmp/d.img: without --key or --digest damage is found, but not that the whole image was exchanged"
has "$(cat /tmp/said)" ": wrong digest"
grep -q '/tmp/d.img: inode [0-9]*: block [0-9]*: wrong digest' /tmp/said || fail "$(cat /tmp/said)"
[ "$(sort /tmp/said | uniq -d | wc -l)" = 0 ] || fail "told twice: $(cat /tmp/said)"
# Who is not root, but has a name: by fusermount3, for themselves alone, and told what to get where it is not there.
mkdir /tmp/node /tmp/own
chmod 755 /tmp
chmod 644 /tmp/a.img /tmp/key.pub
chown nobody /tmp/own
mount -t tmpfs -o mode=755 tmpfs /tmp/node
mknod -m 666 /tmp/node/fuse c 10 229
mount --bind /tmp/node/fuse /dev/fuse
user() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; }
user /tmp/glowfsctl mount -k /tmp/key.pub /tmp/a.img /tmp/own || fail "not mounted by a user"
grep -q '^/tmp/a.img /tmp/own fuse.glowfs ro,nosuid,nodev,.*user_id=65534' /proc/mounts || fail "$(cat /proc/mounts)"
user cat /tmp/own/var/noise | cmp - /tmp/a/var/noise || fail "a user reads something else"
told=$(setpriv --reuid=1001 --regid=1001 --clear-groups ls /tmp/own 2>&1) && fail "another user sees it"
has "$told" "Permission denied"
user fusermount3 -u /tmp/own || fail "not unmounted by its user"
setpriv --reuid=nobody --regid=nogroup --clear-groups /tmp/glowfsctl mount -f -k /tmp/key.pub /tmp/a.img /tmp/own 2>/tmp/said &
for try in $(seq 100); do grep -q /tmp/own /proc/mounts && break; sleep 0.1; done
kill $!
wait $! || fail "it ended with $?: $(cat /tmp/said)"
if grep /tmp/own /proc/mounts; then fail "a signal left it mounted"; fi
mount --bind /tmp/key.pub /bin/fusermount3
told=$(user /tmp/glowfsctl mount -k /tmp/key.pub /tmp/a.img /tmp/own 2>&1) && fail "mounted by a user alone"
has "$told" "/tmp/own: mounting: "
has "$told" "who is not root needs fusermount3"
# What is mounted where something was is another's, however soon: who ends leaves it there.
for round in $(seq 20); do
    g mount -k /tmp/key.pub /tmp/a.img /tmp/m || fail "not mounted in round $round"
    umount /tmp/m
    g mount -k /tmp/key.pub /tmp/b.img /tmp/m || fail "not mounted again in round $round"
    sleep 0.05
    grep -q '^/tmp/b.img /tmp/m ' /proc/mounts || fail "the second mount is gone in round $round"
    umount /tmp/m
done
