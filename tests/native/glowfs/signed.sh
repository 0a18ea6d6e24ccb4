make_root /tmp/a
g mkfs -q /tmp/a /tmp/a.img
identity=$(g info /tmp/a.img | head -1)
g keygen /tmp/one >/tmp/one.key
g keygen /tmp/two >/tmp/two.key
[ "$(stat -c %a /tmp/one)" = 600 ] || fail "everybody can read the key"
told=$(g keygen /tmp/one 2>&1) && fail "it wrote over a key"
has "$told" "/tmp/one: creating: File exists"
told=$(g verify -k /tmp/one.pub /tmp/a.img 2>&1) && fail "not signed, and right"
has "$told" "/tmp/a.img: not signed by any of the required keys"
g sign -k /tmp/one /tmp/a.img >/dev/null
g verify -q -k /tmp/one.pub /tmp/a.img
g verify -q -k "$(cat /tmp/one.key)" /tmp/a.img
told=$(g verify -k /tmp/two.pub /tmp/a.img 2>&1) && fail "right by a key that did not sign"
g sign -k /tmp/two /tmp/a.img >/dev/null
g verify -q -k /tmp/two.pub /tmp/a.img
[ "$identity" = "$(g info /tmp/a.img | head -1)" ] || fail "signing changed what was signed"
g sign --remove "$(cat /tmp/one.key)" /tmp/a.img
told=$(g verify -k /tmp/one.pub /tmp/a.img 2>&1) && fail "right by a signature that was taken away"
# A signature of another image.
cp /tmp/a.img /tmp/b.img
printf '\001' | dd of=/tmp/b.img bs=1 seek=72 conv=notrunc 2>/dev/null
told=$(g verify -k /tmp/two.pub /tmp/b.img 2>&1) && fail "right after it was changed"
has "$told" "the superblock was changed after it was signed"
# Any byte of the rest.
size=$(stat -c %s /tmp/a.img)
for at in 4096 $((size / 3)) $((size / 2)) $((size - 4096)) $((size - 1)); do
    cp /tmp/a.img /tmp/b.img
    printf '\125' | dd of=/tmp/b.img bs=1 seek=$at conv=notrunc 2>/dev/null
    cmp -s /tmp/a.img /tmp/b.img && printf '\252' | dd of=/tmp/b.img bs=1 seek=$at conv=notrunc 2>/dev/null
    told=$(g verify -k /tmp/two.pub /tmp/b.img 2>&1) && fail "byte $at is another, and all is right"
    has "$told" "/tmp/b.img: "
done
head -c $((size - 4096)) /tmp/a.img >/tmp/b.img
told=$(g verify /tmp/b.img 2>&1) && fail "cut, and right"
has "$told" "truncated"
told=$(g info /tmp/two 2>&1) && fail "a key is an image"
has "$told" "/tmp/two: not a GlowFS image"
# What there is to update.
cp -a /tmp/a /tmp/n
echo more >>/tmp/n/etc/deep/f5
head -c 300000 /dev/urandom >/tmp/n/var/new
g mkfs -q /tmp/n /tmp/n.img
told=$(g diff /tmp/a.img /tmp/n.img) && fail "no difference"
has "$told" "! /etc/deep/f5 (content, time)"
has "$told" "+ /var/new"
g delta -q /tmp/a.img /tmp/n.img /tmp/delta
[ $(stat -c %s /tmp/delta) -lt 500000 ] || fail "all is in the delta: $(stat -c %s /tmp/delta)"
g patch -q /tmp/a.img /tmp/delta /tmp/p.img
cmp /tmp/n.img /tmp/p.img
told=$(g patch /tmp/n.img /tmp/delta /tmp/q.img 2>&1) && fail "a delta for another image"
has "$told" "the delta is for the image"
[ ! -e /tmp/q.img ] && [ -z "$(ls /tmp | grep q.img)" ] || fail "something is left"
