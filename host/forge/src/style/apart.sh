# The linker of a program that is several: each starts in a function of its own, and the code that one of them alone leads to lies
# in one piece. What several have in common lies behind these pieces, beside that of the first. What a function leads to is what
# the linker keeps if the program starts there.
set -eu
work=$(mktemp -d /build/object/apart.XXXXXX)
trap 'rm -r "$work"' EXIT
linker "$@" -o "$work/program" -Map="$work/map" --print-icf-sections >"$work/same"
for part in $parts; do
    sed -n "s/.*:(\.text\.\(_RNv[^)]*_$part\))$/\1/p" "$work/map" >>"$work/entries"
done
[ "$(wc -l <"$work/entries")" = "$(echo "$parts" | wc -w)" ] || {
    echo "cargo.apart: of $parts, there are" >&2
    cat "$work/entries" >&2
    exit 1
}
# A program starts at a global name alone, and rustc's are local.
for word; do
    shift
    case $word in *.rcgu.o)
        copy=$work/${word##*/}
        objcopy --globalize-symbols="$work/entries" "$word" "$copy"
        word=$copy ;;
    esac
    set -- "$@" "$word"
done
# Of archives nothing is put in order: the C library is everybody's.
while read -r entry; do
    linker "$@" -o "$work/program" -Map="$work/map" --icf=none -e "$entry"
    sed -n "s/.*[^)]:(\.text\.\(unlikely\.\)\?\([^)]*\))$/$entry \2/p" "$work/map"
done <"$work/entries" >"$work/kept"
awk '
FILENAME ~ /entries$/ { rank[$1] = -FNR; next }
FILENAME ~ /same$/ {
    name = $NF
    sub(/.*:\(\.text\.(unlikely\.)?/, "", name)
    sub(/\)$/, "", name)
    if ($1 == "selected") first = name; else folded[name] = first
    next
}
{
    name = $2 in folded ? folded[$2] : $2
    if (!(name in place)) { names[++count] = name; place[name] = rank[$1] }
    else if (place[name] != rank[$1]) place[name] = 0
}
END { for (at = 1; at <= count; at++) print place[names[at]], at, names[at] }
' "$work/entries" "$work/same" "$work/kept" | sort -n -k 1,1 -k 2,2 | sed 's/.* //' >"$work/order"
# The kernel maps 64 KiB around a page that is touched: on such a boundary the same pages each time.
linker "$@" --symbol-ordering-file="$work/order" --no-warn-symbol-ordering -z max-page-size=65536
