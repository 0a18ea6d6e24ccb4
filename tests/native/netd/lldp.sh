join
printf '[link.v0]\nlldp = true\n' >/tmp/etc/a.toml
run
tell watch >/tmp/watch &
told() { nsenter -t $peer -n python3 /tmp/in/lldp.py "$@"; }
# Whether it listens already is not told: it is told until it has heard.
until_holds 'told ge1 3600; tell status --json | grep -q "\"name\":\"switch\""'
said=$(tell status --json)
has "$said" '{"chassis":"02:00:00:00:00:09","port":"ge1","port-description":"to the \"roof\"","name":"switch","description":"","capabilities":["bridge","router"],"addresses":["192.0.2.1"],"vlan":7,"seconds":3'
until_holds 'told ge2 1; tell status --json | grep -q "\"port\":\"ge2\""'
# It said so for a second.
until_holds '! tell status --json | grep -q "\"port\":\"ge2\""'
until_holds 'grep -q "{.link.:.v0.,.what.:.neighbour.,.from.:.switch ge2.,.to.:null}" /tmp/watch'
told ge1 0
until_holds '! tell status --json | grep -q "\"port\":\"ge1\""'
told ge1 3600 hostile
until_holds '[ "$(tell status --json | grep -o "\"chassis\"" | wc -l)" = 16 ]'
# Without carrier there is nobody.
other ip link set v1 down
until_holds 'tell status --json | grep -q "\"neighbours\":\[\],\"addresses\""'
until_holds '[ "$(tell status --json | grep -o "\"chassis\"" | wc -l)" = 0 ]'
