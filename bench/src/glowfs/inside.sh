# Mounts each subject of /bench/subjects, and has all of it read between marks. Runs as process 1.
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
mount -t devtmpfs dev /dev 2> /dev/null
exec > /dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
modprobe glowfs || echo "bench-wrong: no module"
mkdir -p /tmp/place

cold() {
    umount /tmp/place 2> /dev/null
    sync
    echo 3 > /proc/sys/vm/drop_caches
    mount -t $kind -o ro $device /tmp/place || echo "bench-wrong: $name cannot be mounted"
}

# $1: what; the rest: the program that is counted.
counted() {
    what=$1
    shift
    cold
    # What a first start of the program costs is the same for all.
    "$1" > /dev/null 2>&1
    echo "bench-mark $name $what begin"
    "$@" || echo "bench-wrong: $name: $what"
    echo "bench-mark $name $what end"
}

while read -r name kind device find table; do
    if [ -n "$table" ]; then
        dmsetup create --readonly $name --table "$table" || echo "bench-wrong: $name: no verity"
        device=/dev/mapper/$name
        [ -e $device ] || device=/dev/$(basename $(ls -d /sys/block/dm-* | tail -n 1))
    fi
    if [ $find = tree ]; then
        counted read glowfs-walk --read /tmp/place
        counted random glowfs-walk --random /tmp/place 2000
    fi
    counted find glowfs-walk --find /tmp/place
    umount /tmp/place
    echo 3 > /proc/sys/vm/drop_caches
    [ -z "$table" ] || dmsetup remove $name
done < /bench/subjects
echo "bench-mark all end"
# So that what was said is out before the machine ends.
sleep 1
toybox poweroff -f
