set -eu
umask 022
export SOURCE_DATE_EPOCH=1700000000
g() { /tmp/glowfsctl "$@"; }
fail() { echo "FAILED: $*"; exit 1; }
has() { case "$1" in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac; }
# lsetxattr(2): file, name, value in hexadecimal digits. Its number differs between machines.
attribute() {
    case $(uname -m) in x86_64) number=189 ;; *) number=6 ;; esac
    perl -e '$value = pack("H*", $ARGV[2]); exit(syscall('$number', $ARGV[0], $ARGV[1], $value, length $value, 0) == 0 ? 0 : 1)' "$@" \
        || fail "no attribute $2 on $1"
}
# What there is below a folder, as far as an image keeps it: but for attributes, and times of what links cannot keep.
state() {
    (cd "$1" && find . -printf '%P %y %m %U:%G %n %s %T@ %l\n' | sed 's/^\([^ ]* d [^ ]* [^ ]*\) [^ ]* [^ ]*/\1/' | LC_ALL=C sort
     find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
     find . \( -type c -o -type b \) -print0 | LC_ALL=C sort -z | xargs -0r stat -c '%n %t:%T')
}
# A root with something of everything.
make_root() {
    mkdir -p $1/bin $1/dev $1/etc/deep/er $1/var/empty
    cp /bin/sh $1/bin/sh
    head -c 700000 /dev/urandom >$1/var/noise
    cp $1/var/noise $1/var/copy
    (head -c 131072 /dev/zero; echo end) >$1/var/holes
    truncate -s 5M $1/var/sparse
    for number in $(seq 300); do echo "number $number" >$1/etc/deep/f$number; done
    ln $1/etc/deep/f1 $1/etc/deep/er/hard
    ln -s ../../bin/sh $1/etc/deep/link
    mknod $1/dev/null c 1 3
    mknod $1/dev/disk b 259 70000
    mkfifo $1/dev/fifo
    chmod 4755 $1/bin/sh
    chmod 1777 $1/var/empty
    chown 1000:100 $1/etc/deep/f2
    chown -h 12:34 $1/etc/deep/link
    touch -d '1960-01-01 00:00:00.123456789 UTC' $1/etc/deep/f3
    touch -h -d '2100-01-01 00:00:00 UTC' $1/etc/deep/link
    attribute $1/bin/sh user.origin 68657265
    attribute $1/etc/deep trusted.secret "$(printf '78%.0s' $(seq 3000))"
    attribute $1/var/copy security.capability 0100000200200000000000000000000000000000
}
