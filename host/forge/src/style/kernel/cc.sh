#!/bin/sh
# The kernel's C compiler: clang, with the headers that most files include parsed once for all of them.
#
# precompiled/builtin.c and precompiled/module.c are compiled first, alone: with the flags of each, headers.h is
# precompiled. A later file gets it (-include-pch) if its flags are the same but for header folders, its own names and
# warnings, and if it defines nothing before it includes, for a header could ask for that. pr_fmt and dev_fmt may be
# defined, being asked for only where a message is printed, and CREATE_TRACE_POINTS, as headers.h has no trace events.
folder=/build/precompiled
flags=
source=
compiles=
for word; do
	case $word in
	-c) compiles=yes ;;
	-I* | -W* | -DKBUILD_* | -D__KBUILD_*) ;;
	*.c) source=$word ;;
	*.o) ;;
	*) flags="$flags $word" ;;
	esac
done
if [ -z "$compiles" ] || [ -z "$source" ]; then
	exec clang "$@"
fi
# Whether the file $1 makes the same of the headers when they come first. The functions named print in a header, with the
# pr_fmt of the file that includes it; a header beside the file may give a pr_fmt where there is none.
plain() {
	awk '
		/^[ \t]*#[ \t]*(define|undef)[ \t]/ && !/^[ \t]*#[ \t]*(define|undef)[ \t]+(pr_fmt|dev_fmt|CREATE_TRACE_POINTS)([( \t]|$)/ { defines = 1 }
		/^[ \t]*#[ \t]*include/ && defines { exit found = 1 }
		/ratelimit_state_exit|netdev_cap_txqueue|(alloc_pages|folio_alloc)(_node|_noprof)/ { exit found = 1 }
		END { exit found }
	' "$1" && ! grep -qsE '^[ 	]*#[ 	]*ifndef[ 	]+(pr_fmt|dev_fmt)' "${1%/*}"/*.h
}

case $source in
*/precompiled/builtin.c | */precompiled/module.c)
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
	clang "$@" -w -x c-header -o "$name.pch" "$folder/headers.h" || exit
	printf '%s\n' "$flags" >"$name.flags"
	exit
	;;
esac
for name in builtin module; do
	if read -r same 2>/dev/null <"$folder/$name.flags" && [ "$flags" = " $same" ] && plain "$source"; then
		# A file may use a name of a header that it does not include.
		clang -include-pch "$folder/$name.pch" "$@" -w 2>/dev/null && exit
	fi
done
exec clang "$@" -w
