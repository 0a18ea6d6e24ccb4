make_root /tmp/a
g mkfs -q /tmp/a /tmp/a.img
g verify -q /tmp/a.img
g extract /tmp/a.img /tmp/b
state /tmp/a >/tmp/a.state
state /tmp/b >/tmp/b.state
diff /tmp/a.state /tmp/b.state || fail "what was extracted differs"
# Attributes too: the same tree is the same image, whatever the number of threads.
g mkfs -q -T 1 /tmp/b /tmp/b.img
cmp /tmp/a.img /tmp/b.img || fail "the image of what was extracted differs"
# An archive of it as well.
tar --format=pax --xattrs --xattrs-include='*' -C /tmp/a -cf /tmp/a.tar .
g mkfs -q /tmp/a.tar /tmp/c.img
cmp /tmp/a.img /tmp/c.img || fail "the image of the archive differs: $(g diff /tmp/a.img /tmp/c.img)"
tar --format=gnu --sort=name -C /tmp/a -cf /tmp/gnu.tar etc
g mkfs -q /tmp/gnu.tar /tmp/d.img
has "$(g cat /tmp/d.img /etc/deep/f300)" "number 300"
# Each way of compressing reads back the same.
for how in none lz4 lz4:4 lz4hc zstd:3 "zstd:9 --dictionary 16K --pack-size 16K" "zstd:3 -b 4K --digest sha256" "zstd:3 -b 1M --meta-size 64K"; do
    g mkfs -q -c $how /tmp/a /tmp/e.img
    g verify -q /tmp/e.img
    g diff /tmp/a.img /tmp/e.img || fail "$how differs"
done
# A part of it, and without what root may.
g extract /tmp/a.img /tmp/part etc/deep
[ "$(ls /tmp/part | wc -l)" = 302 ] || fail "a part is $(ls /tmp/part | wc -l) files"
told=$(g extract --plain /tmp/a.img /tmp/plain 2>&1)
has "$told" "/tmp/plain/dev/null: left out: a device, which only root can make"
[ "$(stat -c %u:%a /tmp/plain/bin/sh)" = 0:755 ] || fail "a set-id bit without its owner"
# What is there already is not written over.
told=$(g extract /tmp/a.img /tmp/part etc/deep 2>&1) && fail "it wrote over what was there"
has "$told" "/tmp/part/er/hard: "
has "$(g ls -l /tmp/a.img dev)" "crw-r--r--   1     0     0       1, 3"
[ "$(g ls /tmp/a.img var)" = "copy
empty
holes
noise
sparse" ] || fail "ls: $(g ls /tmp/a.img var)"
g cat /tmp/a.img var/noise >/tmp/noise
cmp /tmp/noise /tmp/a/var/noise
[ $(stat -c %s /tmp/a.img) -lt 1000000 ] || fail "the copy, or the holes, are there: $(g info /tmp/a.img)"
