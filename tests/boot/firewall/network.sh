# Two other machines, in network namespaces of the guest: one beside it, and one behind it that knows no way back to the first.
set -e
for name in there behind; do
    ip netns add $name
    ip link add $name type veth peer name eth0 netns $name
    ip link set $name up
    ip -n $name link set lo up
    ip -n $name link set eth0 up
done
ip address add 192.0.2.1/24 dev there
ip address add 2001:db8::1/64 dev there nodad
ip address add 198.51.100.1/24 dev behind
ip -n there address add 192.0.2.2/24 dev eth0
ip -n there address add 2001:db8::2/64 dev eth0 nodad
ip -n there route add default via 192.0.2.1
ip -n behind address add 198.51.100.2/24 dev eth0
echo 1 > /proc/sys/net/ipv4/ip_forward
nc -L -p 8 echo eight > /dev/null 2>&1 &
nc -L -p 9 echo nine > /dev/null 2>&1 &
nc -6 -L -p 7 echo seven > /dev/null 2>&1 &
ip netns exec behind nc -L -p 8 echo behind > /dev/null 2>&1 &
# ask HOST PORT: what answers there, for the machine beside.
cat > /usr/bin/ask <<'END'
#!/bin/sh
case $1 in *:*) family=-6 ;; *) family=-4 ;; esac
said=$(ip netns exec there nc $family -w 4 "$1" "$2" < /dev/null 2> /dev/null)
echo "${said:-nobody} at $1 $2"
END
chmod +x /usr/bin/ask
