set -eu
ip link set lo up
ip tuntap add dev tap0 mode tap
ip address add 192.0.2.1/24 dev tap0
ip link set tap0 up
dnsmasq -d -C /dev/null --user=root --group= --interface=tap0 --bind-interfaces --no-resolv --no-hosts --no-ping \
    --local=/example.org/ --host-record=mirror.example.org,192.0.2.1 --dhcp-range=192.0.2.10,192.0.2.10,1h --dhcp-option=option:ntp-server,192.0.2.1 \
    --dhcp-option=option:domain-name,example.org --dhcp-leasefile=/tmp/leases --pid-file= --log-dhcp --log-queries >/tmp/dnsmasq.log 2>&1 &
printf '%s\n' 'local stratum 5' 'allow 192.0.2.0/24' 'cmdport 0' 'bindcmdaddress /' 'pidfile /tmp/chronyd.pid' >/tmp/chrony.conf
chronyd -d -x -u root -f /tmp/chrony.conf >/tmp/chronyd.log 2>&1 &
until grep -q 'DHCP, IP range' /tmp/dnsmasq.log && grep -q 'starting' /tmp/chronyd.log; do sleep 0.1; done
echo there
wait
