# As sysfs has cards, for links that have none (Documentation/filesystems/sysfs.rst).
mount -t tmpfs none /sys
card() {
    place=/sys/devices/pci0000:00/0000:00:$2
    mkdir -p $place/virtio0/net/$1 /sys/bus/pci/drivers/$3 /sys/class/net
    ln -s /sys/bus/pci/drivers/$3 $place/virtio0/driver
    ln -s ../../../virtio0 $place/virtio0/net/$1/device
    ln -s ../../devices/pci0000:00/0000:00:$2/virtio0/net/$1 /sys/class/net/$1
}
for n in 0 1 2 3; do ip link add d$n type veth peer name p$n; done
card d0 03.0 virtio_net
card d1 04.0 e1000
ip link set d2 address 02:00:00:00:00:22
cat >/tmp/etc/a.toml <<'X'
[link.neither]
match = { driver = "virtio_*", mac = "02:00:00:00:00:22" }
mtu = 1400
[link.driver]
match = { driver = "virtio_*" }
mtu = 1401
[link.place]
match = { path = "pci0000:00/0000:00:04.0/*" }
mtu = 1402
[link.mac]
match = { mac = "02:00:00:00:00:22" }
mtu = 1403
[link.pattern]
match = { name = "p?" }
mtu = 1404
[link.p3]
mtu = 1405
X
netd apply -c /tmp/etc -s /tmp/sock >/tmp/said || fail "$(cat /tmp/said)"
told=$(ip -o link | sed -n 's/^[0-9]*: \([dp][0-9]\)@.* mtu \([0-9]*\) .*/\1=\2/p' | sort | tr '\n' ' ')
[ "$told" = 'd0=1401 d1=1402 d2=1403 d3=1500 p0=1404 p1=1404 p2=1404 p3=1405 ' ] || fail "$told"
