# radvd tells of a network, servers and domains; takes all back as it ends; comes again with another network.
join
other ip address add 2001:db8::1/64 dev v1 nodad
other ip address add 2001:db8:7::1/64 dev v1 nodad
other sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
printf '[link.v0]\nipv6 = { accept-ra = true }\n' >/tmp/etc/a.toml
run
serve_radvd() {
    cat >/tmp/radvd.conf <<X
interface v1 {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 4;
    AdvDefaultLifetime 600;
    prefix $1 { AdvValidLifetime 600; AdvPreferredLifetime 300; };
    RDNSS $2 { AdvRDNSSLifetime 600; };
    DNSSL $3 { AdvDNSSLLifetime 600; };
};
X
    nsenter -t $peer -n radvd -n -m stderr -C /tmp/radvd.conf -p /tmp/radvd.pid >/tmp/radvd 2>&1 & server=$!
}
serve_radvd 2001:db8::/64 2001:db8::53 example.net
tell wait-online -t 60 v0:routable || fail "$(cat /tmp/radvd)"
until_holds 'ip -6 -o address show dev v0 | grep -q "inet6 2001:db8:0\?:.*scope global"'
has "$(ip -6 route show default)" 'dev v0'
until_holds 'grep -qs "nameserver 2001:db8::53" /tmp/resolv.conf'
has "$(cat /tmp/resolv.conf)" 'search example.net'

# It ends, and says so: nothing leads there any more, and nobody is asked for names there.
leave
wait $server || true
until_holds '! ip -6 route show default | grep -q v0'
until_holds '! grep -q "2001:db8::53\|example.net" /tmp/resolv.conf'

# Another network, with servers of its own.
serve_radvd 2001:db8:7::/64 2001:db8:7::53 example.org
until_holds 'ip -6 -o address show dev v0 | grep -q "inet6 2001:db8:7:"'
until_holds 'grep -qs "nameserver 2001:db8:7::53" /tmp/resolv.conf'
has "$(cat /tmp/resolv.conf)" 'search example.org'
has "$(ip -6 route show default)" 'dev v0'
