# The other side, in a network namespace of the guest: a radio with two networks, by Debian's hostapd from the disk, and a server of
# addresses in each, from which the address tells which it was.
set -eu
modprobe mac80211_hwsim radios=2
ip netns add air
for folder in dev proc run sys tmp; do mount -o rbind /$folder /mnt/$folder; done
chroot /mnt iw phy phy1 set netns name air
ip netns exec air chroot /mnt hostapd -B -t -f /tmp/hostapd.log /etc/hostapd.conf
n=0
until ip -n air -brief link show wlan1_1 | grep -q LOWER_UP; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done
ip -n air address add 192.0.2.1/24 dev wlan1
ip -n air address add 198.51.100.1/24 dev wlan1_1
ip netns exec air dnsmasq -C /dev/null --port=0 --user=root --group= --interface=wlan1 --interface=wlan1_1 --no-ping \
    --dhcp-range=192.0.2.10,192.0.2.10,1h --dhcp-range=198.51.100.10,198.51.100.10,1h --dhcp-leasefile=/tmp/air.leases \
    --pid-file=/tmp/air.pid --log-dhcp --log-facility=/tmp/air.log
