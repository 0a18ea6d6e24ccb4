address=192.0.2.10 port=22
until_holds 'guest true 2>/tmp/first.log'
until_holds 'guest dinitctl is-started boot >/tmp/boot.log'

# All services, and whose they are.
for service in early kernelctl netd logd crond dnsmasq chronyd dropbear getty oil-daily; do
    guest dinitctl is-started $service >/tmp/started.log || fail "$service is not started: $(guest dinitctl why $service)"
done
users=$(guest ps -A -o USER,ARGS)
for user in 'dnsmasq  *dnsmasq' 'chrony  *chronyd' 'logd  *logd'; do
    echo "$users" | grep -q "^$user" || fail "no '$user' in $users"
done
has "$(guest 'grep CapEff /proc/$(pidof chronyd)/status')" 0000000002000000
has "$(guest 'cat /sys/fs/cgroup/$(cut -d: -f3 /proc/$(pidof dnsmasq)/cgroup)/memory.max')" 67108864

# Nobody else gets in.
ssh-keygen -q -t ed25519 -N '' -f /tmp/other
refused=$(ssh -i /tmp/other -o IdentitiesOnly=yes $options root@$address true 2>&1) && fail 'another key was taken'
has "$refused" 'Permission denied (publickey)'
refused=$(ssh -o PubkeyAuthentication=no $options root@$address true 2>&1) && fail 'nothing was asked for'
has "$refused" 'Permission denied (publickey)'

# Files both ways; the status of a command.
head -c 300000 /dev/urandom >/tmp/there
for old in '' -O; do
    scp -q $old -i $key $options /tmp/there root@$address:/tmp/there
    scp -q $old -i $key $options root@$address:/tmp/there /tmp/back
    cmp /tmp/there /tmp/back || fail "a file came back another one: scp $old"
    rm /tmp/back
    guest rm /tmp/there
done
guest 'exit 7' && fail 'a status was lost' || [ $? = 7 ]

# Host keys are made once.
has "$(guest stat -c %a /etc/dropbear/ed25519)" 600
cp /tmp/known /tmp/known.first
guest 'dinitctl restart dropbear' >/tmp/restart.log
until_holds 'guest true 2>/tmp/again.log'
cmp /tmp/known /tmp/known.first || fail 'the host has another key'

# Names by the cache, which asks the servers that DHCP gave.
names=$(guest cat /etc/resolv.conf)
has "$names" 'nameserver 127.0.0.1'
has "$names" 'search example.org'
has "$(guest cat /run/netd/dnsmasq.servers)" 'server=192.0.2.1'

# The clock began in 2000, and is that of the server that DHCP gave.
until_holds 'guest chronyc -n sources 2>&1 | grep -q "^^\* 192.0.2.1"'
now=$(date +%s) there=$(guest date +%s)
[ $((now - there)) -lt 60 ] && [ $((there - now)) -lt 60 ] || fail "it is $there there, and $now here"

# Packages, signed with the key that the system trusts, by name over HTTP; then newer ones.
guest 'echo http://mirror.example.org/ > /etc/apk/repositories; oil update && oil add greeting' >/tmp/add.log 2>&1 || fail 'a package could not be added'
has "$(guest greeting)" 'the first'
cp /tmp/in/newer/x86_64/* /tmp/repository/x86_64/
guest 'oil update && oil upgrade' >/tmp/upgrade.log 2>&1 || fail 'there was no upgrade'
has "$(guest greeting)" 'the second'
cp /tmp/repository/x86_64/greeting-1-r0.apk /tmp/repository/x86_64/greeting-2-r0.apk
guest 'oil del greeting' >/tmp/del.log 2>&1
guest 'oil add greeting' >/tmp/wrong.log 2>&1 && fail 'a package that its index does not know was added'
guest 'dinitctl start oil-check && dinitctl catlog oil-check || { dinitctl catlog oil-check; exit 1; }' >/tmp/check.log 2>&1 || fail 'the daily check fails'

# The log has the boot and what happened.
has "$(guest "logctl -k -g 'Linux version'")" 'Linux version'
has "$(guest logctl -p dropbear)" 'Pubkey auth succeeded'
has "$(guest logctl -p dnsmasq)" 'started'
has "$(guest logctl -p chronyd)" '192.0.2.1'

# A full root keeps nobody from logging in, and goes by.
guest 'dd if=/dev/zero of=/fill bs=1M' >/tmp/fill.log 2>&1 && fail 'there is no end to it'
has "$(cat /tmp/fill.log)" 'No space left'
has "$(guest 'logger full; dinitctl restart crond && echo still here')" 'still here'
guest rm /fill

guest poweroff >/tmp/off.log 2>&1 || true
until_holds '! guest true 2>/dev/null'
