// Package archtest holds the map of the house and checks that it is kept.
//
// Packages stand on floors and import only downwards; what stands beside serves
// tests and measurements and is imported by tests alone. The rules that go with
// it are checked too: libraries that are confined to one package, no cgo, no
// init functions, no configuration by package variables or by blank imports,
// and a package comment everywhere. The test of this package runs go list over
// the module; there is nothing to call for anybody else, and nothing runs
// concurrently.
//
// To add a package, put it on the map. To break a rule, change the rule here and
// give the reason in docs/decisions.
package archtest

import "strings"

// module is the import path of the house.
const module = "github.com/tandem-switch/tandem"

// beside is the floor of what serves tests and measurements.
const beside = -1

// examples are programs as others write them: with public packages alone.
const examples = "examples"

// floors is the map. An entry holds for the packages below it too, unless these
// have an entry of their own.
var floors = map[string]int{
	"cmd/pbx":          5,
	"cmd/messages-app": 5,

	"internal/admin":            4,
	"internal/messages/host":    4,
	"internal/messages/keepcmd": 4,

	"internal/edge":            3,
	"internal/applink":         3,
	"internal/pbxapi":          3,
	"internal/pbxmessages":     3,
	"internal/store/sqlite":    3,
	"internal/store/postgres":  3,
	"internal/store/storetest": 3,

	"internal/messages/keeping":   3,
	"internal/messages/service":   3,
	"internal/messages/sqlstore":  3,
	"internal/messages/storetest": 3,

	"facilities":                  2,
	"internal/account":            2,
	"internal/backup":             2,
	"internal/directory":          2,
	"internal/keys":               2,
	"internal/licence":            2,
	"internal/messages/search":    2,
	"internal/messages/retention": 2,
	"internal/messages/export":    2,
	"internal/metric":             2,
	"internal/outbox":             2,
	"internal/replay":             2,
	"internal/audit":              2,

	"internal/messages": 1,
	"internal/guard":    1,
	"signal":            1,
	"appservice":        1,

	"trace":               0,
	"sanitize":            0,
	"filebuffer":          0,
	"internal/cli":        0,
	"internal/ws":         0,
	"internal/conf":       0,
	"internal/clock":      0,
	"internal/dial":       0,
	"internal/lru":        0,
	"internal/peer":       0,
	"internal/acme":       0,
	"internal/strictjson": 0,
	"internal/webui":      0,

	"internal/testkit":  beside,
	"internal/bench":    beside,
	"internal/chaos":    beside,
	"internal/archtest": beside,
	examples:            beside,
}

// confined names the entries that may import a library. It holds for tests too.
var confined = map[string][]string{
	"github.com/gorilla/websocket":     {"internal/ws", "internal/bench"},
	"github.com/caddyserver/certmagic": {"internal/acme"},

	"github.com/minio/minio-go/v7":       {"filebuffer"},
	"github.com/tus/tusd/v2/pkg/handler": {"filebuffer"},
	"github.com/gabriel-vasile/mimetype": {"filebuffer"},
	"github.com/bep/imagemeta":           {"filebuffer"},
}

// registered names the imports by which an entry may register something with a
// package of the standard library that has no other way.
var registered = map[string][]string{
	"internal/store/sqlite":    {"modernc.org/sqlite"}, // a driver of database/sql
	"internal/messages/search": {"modernc.org/sqlite"},
}

// place finds the entry of the map that holds for a package.
func place(pkg string) (entry string, floor int, ok bool) {
	for entry = pkg; entry != ""; {
		if floor, ok = floors[entry]; ok {
			return entry, floor, true
		}
		at := strings.LastIndexByte(entry, '/')
		entry = entry[:max(at, 0)]
	}
	return "", 0, false
}
