# A connection over the link lives through what changes around it: each answer is asked for by a line.
join
other ip address add 192.0.2.1/24 dev v1
cat >/tmp/etc/a.toml <<'X'
[link.v0]
addresses = ["192.0.2.5/24"]
gateway = "192.0.2.1"
[link.br0]
kind = "bridge"
X
run
until_holds 'ip -o link show v0 | grep -q "state UP"'
cat >/tmp/answer.py <<'X'
import socket
server = socket.create_server(("192.0.2.1", 7))
open("/tmp/listens", "w").write("yes")
other, _ = server.accept()
while line := other.recv(100): other.sendall(line)
X
cat >/tmp/ask.py <<'X'
import os, socket
other = socket.create_connection(("192.0.2.1", 7), 20)
asks, says = open("/tmp/asks"), open("/tmp/says", "w")
for line in asks:
    other.sendall(line.encode())
    says.write(other.recv(100).decode())
    says.flush()
X
nsenter -t $peer -n python3 /tmp/answer.py &
until_holds '[ -s /tmp/listens ]'
mkfifo /tmp/asks
python3 /tmp/ask.py & asking=$!
exec 9>/tmp/asks
hears() { echo "$1" >&9; until_holds "grep -qx '$1' /tmp/says"; }
hears before
ip monitor address route link >/tmp/monitor & monitor=$!
until_holds 'ip link set br0 alias x; ip link set br0 alias netd; [ -s /tmp/monitor ]'
cat >/tmp/etc/a.toml <<'X'
[link.v0]
addresses = ["192.0.2.5/24", "198.51.100.5/24"]
gateway = "192.0.2.1"
mtu = 1400
routes = [{ to = "203.0.113.0/24", via = "192.0.2.9" }]
X
kill -HUP $daemon
until_holds 'ip route | grep -q 203.0.113.0/24 && ! ip link show br0 2>/dev/null'
hears reloaded
kill $daemon
wait $daemon || true
hears ended
run
hears again
kill $monitor
kill -0 $asking || fail 'the connection has ended'
if grep -E '^Deleted default|^Deleted .*192.0.2.5|^[0-9]*: v0.*state DOWN' /tmp/monitor; then fail "$(cat /tmp/monitor)"; fi
