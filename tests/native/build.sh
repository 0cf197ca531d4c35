# What the scripts run-* of this directory share. $build is their first argument, or a directory that is removed at the end.
set -eu
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
build=${1:-$(mktemp -d)}
[ $# -gt 0 ] || trap 'rm -rf "$build"' EXIT

# compile NAME CMAKE_ARGUMENT…: build the driver in $build/NAME, and print what the compiler printed only if it failed.
compile() {
    directory=$build/$1
    shift
    mkdir -p "$directory"
    {
        cmake -S "$source" -B "$directory" -DCMAKE_BUILD_TYPE=Release -DSEQWRIGHT_MODULE=OFF -DSEQWRIGHT_DRIVER=ON "$@" &&
            cmake --build "$directory" --parallel 2
    } >"$directory/log" 2>&1 || { cat "$directory/log" >&2; exit 1; }
}

# same_bytes NAME COMMAND…: run a driver, which prints a digest of all results; it is the one of this processor.
same_bytes() {
    name=$1
    shift
    printf '%s: ' "$name"
    result=$("$@" once)
    result=${result%"$(printf '\r')"}  # the end of a line of Windows
    echo "$result"
    [ -x "$build/here/native_driver" ] || compile here
    [ -n "${expected:-}" ] || expected=$("$build/here/native_driver" once)
    [ "${result##*bytes }" = "${expected##*bytes }" ] || { echo "other bytes than here: $expected" >&2; exit 1; }
}
