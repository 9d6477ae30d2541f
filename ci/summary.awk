# Shortens the output of go test -v. The lines of a package are kept until its
# result is known: it passed, and the result is shown alone, or it failed, and
# everything is shown. Why tests were skipped is told at the end, and the last
# line counts.

/^=== (RUN|PAUSE|CONT|NAME)/ { test = $3; next }
/^-test.shuffle / { next }

/^ *--- PASS: / { passed++ }
/^ *--- FAIL: / { failed++ }
/^ *--- SKIP: / { skipped++; skips[said[$3]]++ }
/^ +[^ ]+\.go:[0-9]+: / { said[test] = $0; sub(/^ +[^ ]+: /, "", said[test]) }

# Messages of the compiler and the linker come when they like.
/^# / || /^[^ \t]+\.go:[0-9]+:[0-9]+: / { print; next }

{ lines = lines $0 "\n" }

/^\?   \t/ { lines = "" } # no test files
/^ok  \t/ { print; lines = "" }
/^FAIL\t/ {
	printf "%s", lines
	lines = ""
	if ($0 ~ /build failed|setup failed/) failed++
	broken = 1
}

END {
	if (broken || failed) printf "%s", lines
	if (skipped) printf "\n%d skipped:\n", skipped
	for (reason in skips) printf "%6d %s\n", skips[reason], reason
	printf "\n%d passed, %d failed\n", passed, failed
}
