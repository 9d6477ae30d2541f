# Everything that CI does can be done here, with the same commands. Only Go is
# needed, and Node.js for the web pages; tools are built into bin/tools when a target
# first needs them.

FUZZTIME ?= 10s
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -X main.version=$(VERSION)

CHAOS_ROUNDS ?= 200
CHAOS_STORE  ?= sqlite

.PHONY: run web build test ci bench chaos lint fuzz shots clean

# run starts a switch for trying out and prints where it is and who may log in.
run: build
	bin/pbx serve --demo --data ./data

# web builds the pages of the client and the console, which build puts into the program.
web:
	ci/web.sh

build: web
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/pbx ./cmd/messages-app

# test uses Chromium, PostgreSQL and an S3 server if their programs are on this machine,
# and says if not.
test: build
	ci/e2e.sh
	ci/postgres.sh ci/s3.sh ci/test.sh

lint:
	ci/lint.sh

# fuzz gives each fuzz target FUZZTIME.
fuzz:
	ci/fuzz.sh $(FUZZTIME)

bench: build
	go test -run '^$$' -bench . -benchmem ./...
	go run ./internal/bench/load --pbx bin/pbx

# chaos kills the Messages service and the switch while people write, and fails if an
# acknowledged message is lost, doubled or out of order. CHAOS_STORE=postgres restarts
# the database of the service too.
chaos: build
	go run ./internal/chaos/run --rounds $(CHAOS_ROUNDS) --store $(CHAOS_STORE) --pbx bin/pbx --app bin/messages-app

# shots takes the pictures of docs/shots anew, in Chromium.
shots: build
	cd web && npx vitest run --config vitest.shots.config.ts

ci:
	ci/ci.sh

# clean removes what build and run have made, the data of the demo included.
clean:
	rm -rf bin data internal/webui/built/dist web/node_modules
