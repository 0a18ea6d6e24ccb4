# The layer below is what the image has; overlayfs writes the one above.
make_root /tmp/a
g mkfs -q /tmp/a /tmp/a.img
mkdir /tmp/disk
mount -t tmpfs none /tmp/disk
round=0
lower=/tmp/a
image=/tmp/a.img
for changes in '
    echo changed >>etc/deep/f5
    rm etc/deep/f6 var/copy
    rm -r etc/deep/er
    mkdir etc/deep/er && echo new >etc/deep/er/file
    mv bin/sh bin/dash
    printf x | dd of=var/noise bs=1 seek=300000 conv=notrunc 2>/dev/null
    chmod 700 var/empty
    ln etc/deep/f7 etc/second
    mknod dev/zero c 1 5
' '
    rm -r etc/deep
    echo file >etc/deep
    rm dev/null; mkdir dev/null; echo in >dev/null/it
    head -c 200000 /dev/urandom >var/holes
    rm -r var/empty; ln -s noise var/empty
'; do
    round=$((round + 1))
    disk=/tmp/disk/$round
    mkdir -p $disk/upper $disk/work $disk/all
    mount -t overlay overlay -o lowerdir=$lower,upperdir=$disk/upper,workdir=$disk/work,redirect_dir=off,metacopy=off,index=off $disk/all
    (cd $disk/all; eval "$changes")
    g commit -q $disk/upper $image -o /tmp/$round.img
    g verify -q /tmp/$round.img
    g extract /tmp/$round.img $disk/extracted
    # Without the number of links: overlayfs tells that of the layer below, whose other names may be gone.
    state $disk/all | cut -d ' ' -f 1-4,6- >/tmp/all.state
    state $disk/extracted | cut -d ' ' -f 1-4,6- >/tmp/extracted.state
    diff /tmp/all.state /tmp/extracted.state || fail "round $round: the new image has something else than the overlay"
    # What it is made of anew is the same tree.
    g mkfs -q $disk/extracted /tmp/anew.img
    g diff /tmp/$round.img /tmp/anew.img || fail "round $round"
    umount $disk/all
    lower=$disk/extracted
    image=/tmp/$round.img
done
# Blocks that were not changed are those of the image before.
g delta -q /tmp/a.img /tmp/1.img /tmp/delta
[ $(stat -c %s /tmp/delta) -lt $(($(stat -c %s /tmp/1.img) / 2)) ] || fail "$(g delta /tmp/a.img /tmp/1.img /tmp/delta)"
# In place of the image itself, and of a layer that says more than is understood.
cp /tmp/a.img /tmp/same.img
g commit -q /tmp/disk/1/upper /tmp/same.img -o /tmp/same.img
cmp /tmp/same.img /tmp/1.img || fail "in its own place it is another"
attribute /tmp/disk/1/upper/etc trusted.overlay.redirect 2f78
told=$(g commit /tmp/disk/1/upper /tmp/a.img -o /tmp/x.img 2>&1) && fail "a redirect was passed over"
has "$told" "redirect_dir=off"
[ ! -e /tmp/x.img ] && [ -z "$(ls /tmp | grep x.img.new)" ] || fail "something is left"
# A layer that a user's overlay wrote (userxattr): its marks have other names.
disk=/tmp/disk/user
mkdir -p $disk/upper $disk/work $disk/all
mount -t overlay overlay -o userxattr,lowerdir=/tmp/a,upperdir=$disk/upper,workdir=$disk/work $disk/all
(cd $disk/all
rm -r etc/deep var/copy && mkdir etc/deep && echo new >etc/deep/file
rm -r var/empty && mkdir var/empty && echo in >var/empty/it)
case $(uname -m) in x86_64) number=192 ;; *) number=9 ;; esac
perl -e '$value = "\0" x 8; exit(syscall('$number', $ARGV[0], $ARGV[1], $value, 8) == 1 && substr($value, 0, 1) eq "y" ? 0 : 1)' \
    $disk/upper/etc/deep user.overlay.opaque || fail "overlayfs does not mark what hides by user.overlay.opaque"
[ "$(stat -c '%F %t:%T' $disk/upper/var/copy)" = "character special file 0:0" ] || fail "$(stat $disk/upper/var/copy)"
# One that a user made, who can make no devices: files stand for what is gone, in directories that say so.
mkdir -p $disk/hand/etc/deep/er $disk/hand/var/empty
for place in "" /etc /etc/deep; do attribute $disk/hand$place user.overlay.opaque 78; done
for gone in etc/deep/f9 etc/deep/er/hard; do
    : >$disk/hand/$gone
    attribute $disk/hand/$gone user.overlay.whiteout 79
done
attribute $disk/hand/etc/deep/er user.overlay.opaque 78
attribute $disk/hand/var/empty user.overlay.opaque 79
echo in >$disk/hand/var/empty/it
echo other >$disk/hand/etc/deep/f10
mkdir $disk/by-hand
mount -t overlay overlay -o userxattr,lowerdir=$disk/hand:/tmp/a $disk/by-hand
[ ! -e $disk/by-hand/etc/deep/f9 ] || fail "overlayfs does not know white-outs that are files"
for kind in "upper all" "hand by-hand"; do
    set -- $kind
    g commit -q $disk/$1 /tmp/a.img -o /tmp/user.img
    g verify -q /tmp/user.img
    g extract /tmp/user.img $disk/$1.extracted
    state $disk/$2 | cut -d ' ' -f 1-4,6- >/tmp/all.state
    state $disk/$1.extracted | cut -d ' ' -f 1-4,6- >/tmp/extracted.state
    diff /tmp/all.state /tmp/extracted.state || fail "$1: the new image has something else than the overlay"
    # None of the overlay's marks is left in it.
    g mkfs -q $disk/$1.extracted /tmp/anew.img
    g diff /tmp/user.img /tmp/anew.img || fail "$1"
    if g commit -q -c none $disk/$1 /tmp/a.img -o /tmp/plain.img && grep -q overlay /tmp/plain.img; then
        fail "$1: marks are in the image"
    fi
done
