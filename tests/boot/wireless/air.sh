# The other side, in a network namespace of the guest: a radio with the networks LINK:NETWORK..., by Debian's hostapd from the disk, and a server
# of addresses in each, from which the address tells which it was.
set -eu
modprobe mac80211_hwsim radios=2
ip netns add air
for folder in dev proc run sys tmp; do mount -o rbind /$folder /mnt/$folder; done
chroot /mnt iw phy phy1 set netns name air
ip netns exec air chroot /mnt hostapd -B -t -f /tmp/hostapd.log /etc/hostapd.conf
for one; do last=${one%:*}; done
n=0
until ip -n air -brief link show "$last" | grep -q LOWER_UP; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done
ranges=
for one; do
    link=${one%:*} network=${one#*:}
    ip -n air address add "$network.1/24" dev "$link"
    ranges="$ranges --interface=$link --dhcp-range=$network.10,$network.10,1h"
done
ip netns exec air dnsmasq -C /dev/null --port=0 --user=root --group= --no-ping $ranges --dhcp-leasefile=/tmp/air.leases \
    --pid-file=/tmp/air.pid --log-dhcp --log-facility=/tmp/air.log
