#!/bin/sh
# The kernel's C compiler: clang, with the headers that most files include parsed once for all of them.
#
# The files of precompiled/ are compiled first, alone: with the flags of each, headers.h is precompiled. A later file gets
# it (-include-pch) if its flags are the same but for header folders, its own names and warnings, and if it defines no name
# before it includes that those headers have. pr_fmt and dev_fmt may be defined, being asked for only where a message is
# printed, and CREATE_TRACE_POINTS, as headers.h has no trace events.
folder=/build/precompiled
flags=
source=
compiles=
before=
for word; do
	case $before$word in
	-I* | -W* | -DKBUILD_* | -D__KBUILD_* | -Dpr_fmt*) ;;
	*.c) source=$word ;;
	*.o) ;;
	-c) compiles=yes ;;
	*) flags="$flags $word" ;;
	esac
	before=
	[ "$word" != -I ] || before=-I
done
if [ -z "$compiles" ] || [ -z "$source" ]; then
	exec clang "$@"
fi

# Whether the file $1 makes the same of the headers when they come first. The functions named print in a header, with the
# pr_fmt of the file that includes it; a header beside the file may give a pr_fmt where there is none.
plain() {
	names=$(awk '
		/^[ \t]*#[ \t]*(define|undef)[ \t]/ {
			sub(/^[ \t]*#[ \t]*(define|undef)[ \t]+/, "")
			sub(/[^A-Za-z0-9_].*/, "")
			if (!/^(pr_fmt|dev_fmt|CREATE_TRACE_POINTS)$/) defined = defined " -e " $0
		}
		/^[ \t]*#[ \t]*include/ { before = defined }
		/ratelimit_state_exit|netdev_cap_txqueue|(alloc_pages|folio_alloc)(_node|_noprof)/ { before = " -e if"; exit }
		END { print before }
	' "$1")
	# shellcheck disable=SC2086 # a word each
	{ [ -z "$names" ] || ! grep -qxF $names "$folder/names"; } &&
		! grep -qsE '^[ 	]*#[ 	]*ifndef[ 	]+(pr_fmt|dev_fmt)' "${1%/*}"/*.h
}

case $source in
*/precompiled/*.c)
	clang "$@" -w || exit
	name=${source##*/}
	name=$folder/${name%.c}
	count=$#
	while [ "$count" -gt 0 ]; do
		word=$1
		shift
		case $word in
		-c | -o | *.o | *.c | -Wp,* | -DKBUILD_* | -D__KBUILD_*) ;;
		*) set -- "$@" "$word" ;;
		esac
		count=$((count - 1))
	done
	clang "$@" -w -MD -MF "$name.d" -MT headers -x c-header -o "$name.pch" "$folder/headers.h" || exit
	# Every name in them, used or given. They are the same for all flags but in what their conditions leave out.
	sed 's/^headers://; s/\\$//' "$name.d" | xargs grep -ohE '[A-Za-z_][A-Za-z0-9_]*' | sort -u >"$name.names"
	sort -u "$folder"/*.names >"$name.all" && mv "$name.all" "$folder/names"
	printf '%s\n' "$flags" >"$name.flags"
	exit
	;;
esac
for pch in "$folder"/*.pch; do
	if read -r same 2>/dev/null <"${pch%.pch}.flags" && [ "$flags" = " $same" ] && plain "$source"; then
		# A file may use a name of a header that it does not include.
		clang -include-pch "$pch" "$@" -w 2>/dev/null && exit
	fi
done
exec clang "$@" -w
