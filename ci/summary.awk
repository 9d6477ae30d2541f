# Shortens the output of go test -v. The lines of a package are kept until its
# result is known: it passed, and the result is shown alone, or it failed, and
# everything is shown. Skipped tests are listed at the end, with their reasons.

/^=== (RUN|PAUSE|CONT|NAME)/ { next }
/^-test.shuffle / { next }

/^ *--- PASS: / { passed++ }
/^ *--- FAIL: / { failed++ }
/^ *--- SKIP: / { skipped++; skips = skips "\n" previous "\n" $0 }

# Messages of the compiler and the linker come when they like.
/^# / || /^[^ \t]+\.go:[0-9]+:[0-9]+: / { print; next }

{ lines = lines $0 "\n"; previous = $0 }

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
	if (skipped) print "\nskipped:" skips
	printf "\n%d passed, %d failed\n", passed, failed
}
