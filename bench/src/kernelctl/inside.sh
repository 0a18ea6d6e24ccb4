# Makes a policy of 100 sysctls and 20 groups that changes each of them, and a script that does; has each of them done
# between marks.
exec > /dev/console 2>&1
export PATH=/sbin:/bin:/usr/sbin:/usr/bin
policy=/run/bench.toml script=/run/bench.sh
n=0
echo '[sysctl]' > $policy
: > $script

# $1: the folder or the files. Switches are turned over.
switches() {
    for file in $1; do
        [ $n -lt 100 ] || return 0
        # What sets others too.
        case ${file##*/} in *forwarding|disable_ipv6) continue ;; esac
        [ -f "$file" ] || continue
        # 'read' takes single bytes, and of these files the kernel gives no second one.
        value=$(cat "$file" 2> /dev/null)
        case $value in 0) wanted=1 ;; 1) wanted=0 ;; *) continue ;; esac
        # Some are switches only one way.
        { echo $wanted > "$file" && echo "$value" > "$file"; } 2> /dev/null || continue
        [ "$(cat "$file")" = "$value" ] || continue
        echo "\"${file#/proc/sys/}\" = $wanted" >> $policy
        echo "echo $wanted > $file" >> $script
        n=$((n + 1))
    done
}
switches '/proc/sys/net/ipv4/conf/lo/*'
switches '/proc/sys/net/ipv4/conf/default/*'
switches '/proc/sys/net/ipv4/tcp_*'
switches '/proc/sys/net/ipv4/conf/all/*'
switches '/proc/sys/net/ipv6/conf/lo/*'
switches '/proc/sys/net/ipv6/conf/default/*'
[ $n = 100 ] || echo "bench-wrong: only $n sysctls"
echo 'echo "+cpu +memory +pids" > /sys/fs/cgroup/cgroup.subtree_control' >> $script
n=0
while [ $n -lt 20 ]; do
    n=$((n + 1))
    printf '[groups.g%d]\ncpu.weight = %d\nmemory.max = "64M"\npids.max = %d\n' $n $n $n >> $policy
    group=/sys/fs/cgroup/g$n
    echo "mkdir $group; echo $n > $group/cpu.weight; echo 64M > $group/memory.max; echo $n > $group/pids.max" >> $script
done

run() {
    kernelctl "$@" -q || echo "bench-wrong: kernelctl $*"
}
# Once before: the kernel has then made what it keeps.
run apply --policy $policy
run revert
echo bench-mark start
echo bench-mark mark
run apply --policy $policy
echo bench-mark apply
run apply --policy $policy
echo bench-mark again
run drift
echo bench-mark drift
run revert
echo bench-mark revert
sh $script || echo "bench-wrong: the script"
echo bench-mark script
