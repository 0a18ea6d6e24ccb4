ln -s logd /tmp/logctl
printf 'rate = 0\n[file.all]\npath = "%s"\nsize = "16K"\nkeep = 50\n' $log >/tmp/etc/a.toml
run
/tmp/logctl -c /tmp/etc -f -p many >/tmp/followed & follower=$!
say 3000 100 0
until_holds '[ $(wc -l </tmp/followed) = 3000 ]'
[ "$(cut -d ' ' -f 5 /tmp/followed | sort -n -c 2>&1)" = '' ] || fail 'they came in another order'
[ -e $log.10 ] || fail "$(ls /var/log/logd)"
[ "$(find /var/log/logd -size +16k)" = '' ] || fail "$(ls -l /var/log/logd)"
kill $follower
[ "$(/tmp/logctl -c /tmp/etc -p many | wc -l)" = 3000 ] || fail 'some are not found'
has "$(/tmp/logctl -c /tmp/etc -p 'ma*' -n 1)" ' many['
has "$(/tmp/logctl -c /tmp/etc -p many -n 1)" ': 2999 xxx'
[ "$(/tmp/logctl -c /tmp/etc -p many -n 7 -j | python3 -c 'import sys
print(*[eval(line)["text"].split()[0] for line in sys.stdin])')" = '2993 2994 2995 2996 2997 2998 2999' ] || fail 'the last ones are others'
[ "$(/tmp/logctl -c /tmp/etc -l warning)" = '' ] || fail 'there is a warning'
[ "$(/tmp/logctl -c /tmp/etc -u 5)" = '' ] || fail 'user 5 said something'
[ "$(/tmp/logctl -c /tmp/etc -s 1h -p many -g ': 5' -n 1)" = '' ] || fail 'a text was found that is not there'
[ "$(/tmp/logctl -c /tmp/etc -U 2020-01-01)" = '' ] || fail 'something is older than the test'
/tmp/logctl -c /tmp/etc | head -n 1 >/dev/null
end
