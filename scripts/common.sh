# Read by the scripts beside it: goes to the repository's root ($root), builds, runs tests, counts them and minutes.
# shellcheck shell=sh
set -eu
unset CDPATH
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
launcher=  # starts ctest, if set
stages=    # a line for each that ran

say() { printf '%s\n' "$*" >&2; }

# build PRESET [TARGET...]: configures and builds build/PRESET (what CMake found is in its configure.log).
build() {
    preset=$1
    shift
    mkdir -p "build/$preset"
    say "Building build/$preset"
    if ! cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 </dev/null; then
        cat "build/$preset/configure.log" >&2
        say "Configuring failed."
        return 1
    fi
    cmake --build "build/$preset" ${1+--target "$@"} </dev/null >&2
}

# run_tests PRESET [CTEST OPTION...]: runs the tests and leaves their results in build/PRESET/test-results. Failures
# are counted there (scripts/count_tests.py), so this succeeds.
run_tests() {
    preset=$1
    shift
    rm -rf "build/$preset/test-results"
    mkdir -p "build/$preset/test-results"
    $launcher ctest --test-dir "build/$preset" --output-on-failure --parallel "$(nproc)" \
        --output-junit "$root/build/$preset/test-results/ctest.xml" "$@" </dev/null || true
}

# stage NAME COMMAND...: runs it and notes its minutes.
stage() {
    stage_name=$1
    shift
    stage_began=$(date +%s)
    "$@"
    stage_tenths=$((($(date +%s) - stage_began + 3) / 6))
    stages="$stages$((stage_tenths / 10)).$((stage_tenths % 10)) minutes: $stage_name
"
}

# test_release [CTEST OPTION...]: what scripts/test does, up to its results.
test_release() {
    stage "set-up" scripts/setup
    stage "build release" build release
    stage "tests release" run_tests release "$@"
}

# count_tests FOLDER...: the minutes of all stages so far, then the closing line; fails when a test did.
count_tests() {
    printf '%s' "$stages"
    /usr/bin/python3 scripts/count_tests.py "$@"
}
