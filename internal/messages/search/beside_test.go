package search_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/internal/backup"
	"github.com/tandem-switch/tandem/internal/messages/search"
	"github.com/tandem-switch/tandem/internal/messages/sqlstore"
)

// tables is a backup of which only the names of the tables are kept.
type tables []string

func (t *tables) Table(x backup.Table) error {
	*t = append(*t, x.Name)
	return nil
}
func (*tables) Row([]any) error { return nil }

// In PostgreSQL the index lies beside the store: a backup of the store leaves it
// out, for it is made anew.
func TestIndexIsNotInBackups(t *testing.T) {
	dsn := schema(t)
	s, err := search.OpenPostgres(t.Context(), dsn)
	b := &bench{t: t, Index: closed(t, s, err)}
	b.texts("apple")
	store, err := sqlstore.OpenPostgres(t.Context(), dsn, "", sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var names tables
	if err := store.Dump(t.Context(), &names); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, "msg") || slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "search") }) {
		t.Errorf("a backup has %v", names)
	}
}
