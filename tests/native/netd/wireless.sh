# What a link of Wi-Fi does under iwd: it is there without carrier for as long as nobody is associated, then has carrier, and is
# dormant until the keys are agreed upon, which iwd tells the kernel (IFLA_LINKMODE, IFLA_OPERSTATE;
# Documentation/networking/operstates.rst). Only then may somebody be asked for an address.
join
serve
ip link set v0 name wlan0
other ip link set v1 down
ip link set wlan0 mode dormant
printf '[link.wireless]\nmatch = { name = "wl*" }\ndhcp4 = { conflicts = false }\n' >/tmp/etc/a.toml
run
has "$(tell status)" 'wlan0: no carrier'
other ip link set v1 up
until_holds 'ip -o link show wlan0 | grep -q "LOWER_UP.*state DORMANT"'
# Whatever netd makes of that is made by now: it has told of a later change.
tell watch >/tmp/watch &
until_holds 'ip link set wlan0 alias a$(date +%N); ip address add 198.51.100.1/24 dev wlan0 2>/dev/null || ip address del 198.51.100.1/24 dev wlan0; sleep 0.3; grep -q 198.51.100.1 /tmp/watch'
has "$(tell status)" 'wlan0: no carrier'
if grep -q 'DHCP[A-Z]*(v1)' /tmp/dnsmasq; then fail "$(cat /tmp/dnsmasq)"; fi
ip link set wlan0 state UP
until_holds 'tell status --json | grep -q "\"dhcp4\":\"bound\""'
until_holds 'ip -o address show wlan0 | grep -q "inet 192.0.2.1"'
has "$(ip -o link show wlan0)" 'mode DORMANT'
# Out of reach: nobody is asked, and what is leased stays for when it is back. Then the same is asked for, once the keys are there.
asked=$(grep -c 'DHCPREQUEST(v1)' /tmp/dnsmasq)
other ip link set v1 down
until_holds 'tell status | grep -q "wlan0: no carrier"'
other ip link set v1 up
until_holds 'ip -o link show wlan0 | grep -q "LOWER_UP.*state DORMANT"'
ip link set wlan0 state UP
until_holds '[ "$(grep -c "DHCPREQUEST(v1)" /tmp/dnsmasq)" -gt "$asked" ]'
until_holds 'tell status --json | grep -q "\"dhcp4\":\"bound\""'
[ "$(grep -c 'DHCPDISCOVER(v1)' /tmp/dnsmasq)" = 1 ] || fail "$(cat /tmp/dnsmasq)"
