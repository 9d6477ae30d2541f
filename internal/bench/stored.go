package bench

import "strings"

// store is where the Messages service of T keeps what it stores (G10).
type store string

const (
	storeSQLite   store = "SQLite"
	storePostgres store = "PostgreSQL"
)

func storedStores() []store { return []store{storeSQLite, storePostgres} }

// storedInFlight are the numbers of messages on their way that G10 looks at: with
// few the time of a commit decides, with many the processor.
func storedInFlight() []int { return []int{16, 256, 1024} }

// storedSeries names what is measured with n messages on their way.
func storedSeries(s store, n int, what string) string {
	return "G10 " + strings.ToLower(string(s)) + " n=" + itoa(n) + " " + what
}

// storedSet is the set of clients whose messages are stored.
const storedSet = "stored"
