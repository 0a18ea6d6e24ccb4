printf 'rate = 0\n[file.all]\npath = "%s"\n' $log >/tmp/etc/a.toml
run
# From now on each write takes three seconds.
strace -f -q -o /dev/null -e trace=write -e inject=write:delay_enter=3s -p $daemon & tracer=$!
until_holds 'grep -q "^TracerPid:.*[1-9]" /proc/$daemon/status'
# These are more than a socket holds: who says them would wait if they were not taken meanwhile.
say 2000 100 0
there=$(grep -c ' many\[' $log || true)
[ $there -lt 2000 ] || fail 'the disk was not slow'
kill $tracer
wait $tracer || true
until_holds '[ $(grep -c " many\[" $log) = 2000 ]'
end
