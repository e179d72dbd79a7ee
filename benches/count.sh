#!/bin/sh
# Counts the instructions of every operation under callgrind, and writes the
# table that is to be compared: sh benches/count.sh > benches/instructions.md
set -eu
cd "$(dirname "$0")/.."

one=$(cargo bench --bench one --no-run 2>&1 | sed -n 's/.*Executable.*(\(.*\))/\1/p')
out=$(mktemp)
trap 'rm -f "$out"' EXIT

# The instructions of one operation, its input not counted, in thousands.
count() {
    valgrind --tool=callgrind --toggle-collect='*counted*' --callgrind-out-file="$out" \
        "$one" "$1" 2>/dev/null
    awk '/^(summary|totals):/ { printf "%.0f\n", $2 / 1000; exit }' "$out"
}

# A table: the sizes across, the operations down.
table() {
    echo "| operation | $(echo "$1" | sed 's/ / | /g') |"
    echo "|---|$(echo "$1" | sed 's/[^ ]*/--:|/g; s/ //g')"
    for operation in $2; do
        row="| $operation |"
        for size in $1; do
            row="$row $(count "$operation-$size") |"
        done
        echo "$row"
    done
}

growing='bootstrap check-sound rebalance-join rebalance-drain-service
    rebalance-hold-site decommission-service decommission-in-capped-sites
    decommission-fewest-bases read-json write-json'

cat <<END
# Instructions

Thousands of instructions that each operation takes, at 65,536 bases; sizes are
services x replicas. Callgrind counts them, so they can be compared on a noisy
machine. Made by

    sh benches/count.sh > benches/instructions.md

with $(rustc --version | cut -d ' ' -f 1,2) on $(uname -m).

| operation | thousands |
|---|--:|
END
"$one" | while read -r name; do
    echo "| $name | $(count "$name") |"
done
printf '\n## Growth with services\n\n'
table '10x3 100x3 1000x3 10000x3 20000x3' "$growing"
printf '\n## Growth with replicas\n\n'
table '1000x1 1000x2 1000x4 1000x8' "$growing"
printf '\n## Growth with the length of a chain\n\n'
table '7x3 15x7 23x11' rebalance-line
