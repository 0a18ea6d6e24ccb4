# The switches as the kernel tells others of them, not by the messages that netd uses (SIOCETHTOOL; linux/ethtool.h).
switch() {
    python3 - "$1" "$2" <<'X'
import array, fcntl, socket, struct, sys
name, command = sys.argv[1], {"tso": 0x1e, "gso": 0x23, "gro": 0x2b}[sys.argv[2]]
value = array.array("I", [command, 0])
request = struct.pack("16sP16x", name.encode(), value.buffer_info()[0])
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, request)
print("off on".split()[value[1]])
X
}
is() { [ "$(switch "$1" "$2")" = "$3" ] || fail "$2 of $1 is not $3"; }
ip link add d0 type veth peer name d1
is d0 tso on
is d0 gso on
is d0 gro off
# The kernel says that TCP is cut up as long as it is in any of four ways.
none='tso = false, tso6 = false, tx-tcp-ecn-segmentation = false, tx-tcp-mangleid-segmentation = false'
echo "[link.d0]
offload = { $none, gro = true }" >/tmp/etc/a.toml
said=$(netd plan -c /tmp/etc -s /tmp/sock)
has "$said" 'd0: tx-tcp-segmentation'
has "$said" 'd0: rx-gro'
is d0 tso on
netd apply -c /tmp/etc -s /tmp/sock >/tmp/said || fail "$(cat /tmp/said)"
is d0 tso off
is d0 gro on
is d0 gso on
is d1 tso on
has "$(netd plan -c /tmp/etc -s /tmp/sock)" 'everything is as it is wanted'
# Nobody confirms: they go back, those that were not changed stay.
run
printf '[link.d0]\noffload = { tso = true, gro = true, gso = false }\n' >/tmp/etc/a.toml
tell apply --confirm 15 >/tmp/said || fail "$(cat /tmp/said)"
is d0 tso on
is d0 gso off
until_holds '[ "$(switch d0 tso) $(switch d0 gso)" = "off on" ]'
is d0 gro on
# By the kernel's own name; one that the link cannot have, or that there is not, is told with its line, and all goes back.
for wrong in 'rx-lro' 'no-such-switch'; do
    printf '[link.d0]\nmtu = 1400\noffload = { tx-generic-segmentation = false, %s = true }\n' $wrong >/tmp/etc/a.toml
    if said=$(tell apply 2>&1); then fail "$said"; fi
    has "$said" "$wrong"
    has "$said" '/tmp/etc/a.toml:'
    has "$(ip -o link show d0)" 'mtu 1500 '
    is d0 gso on
done
