package sqlstore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// plans are the statements that must not get slower with the size of the store.
// Lines of their plan may not have any of the words.
var plans = []struct {
	name, text string
	args       []any
	not        []string
}{
	{"history", pageDown, []any{int64(7), int64(0), int64(1 << 50), int64(0), int64(50)}, sorted},
	{"history upwards", pageUp, []any{int64(7), int64(0), int64(1 << 50), int64(0), int64(50)}, sorted},
	{"chats", sideCols + `WHERE m.person = $1`, []any{int64(1)}, scanned},
	{"one chat", sideCols + `WHERE m.person = $1 AND m.conv IN ($2, $3)`, []any{int64(1), int64(7), int64(8)}, scanned},
	{"buried", countTombs, []any{int64(7), int64(3), int64(1)}, scanned},
	{"sync: chats", plainSides + changedSides, []any{int64(1), int64(100)}, scanned},
	{"sync: messages", numbersOfMsg, []any{int64(7), int64(0), int64(1 << 50), int64(50)}, sorted},
	{"sync: changes", numbersOfEv, []any{int64(7), int64(0), int64(1 << 50), int64(50)}, sorted},
	{"sync: purges", purgesOfEv, []any{int64(0), int64(1 << 50), int64(50)}, sorted},
	{"sync: tail of messages", tailOfMsg, []any{int64(19_900), int64(1 << 50)}, sorted},
	{"sync: tail of changes", tailOfEv, []any{int64(19_900), int64(1 << 50)}, sorted},
	{"own messages behind a mark", countOwn, []any{int64(7), int64(19_000), int64(1)}, scanned},
}

var (
	scanned = []string{"SCAN ", "Seq Scan"}
	sorted  = []string{"SCAN ", "Seq Scan", "TEMP B-TREE", "Sort"}
)

// fill makes 200 conversations of person 1 with 100 messages and changes each, among
// 20,000 of others, by statements that both engines know.
var fill = []string{
	`INSERT INTO conv (id, kind, p1, p2, created, last_seq) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		SELECT i, 1, CASE WHEN i <= 200 THEN 1 ELSE i + 100000 END, i + 1000, 0, i FROM n`,
	`INSERT INTO member (person, conv, role, joined, visible_from, left_at, muted_until) SELECT p1, id, 1, 0, 0, 0, 0 FROM conv`,
	`INSERT INTO member (person, conv, role, joined, visible_from, left_at, muted_until) SELECT p2, id, 1, 0, 0, 0, 0 FROM conv`,
	`INSERT INTO cursor (conv, person) SELECT conv, person FROM member`,
	`INSERT INTO person (id, dom, guid, sip, sip_key, name) SELECT DISTINCT person, 0, '', '', '', '' FROM member`,
	`INSERT INTO tomb (conv, n, author) SELECT id, 5, 1 FROM conv`,
	`INSERT INTO msg (mid, conv, n, author, ts, kind, bits, cid, mime, body, data, ext, alt, reply, edited, expires)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
		SELECT i, i % 200 + 1, i / 200, 1, i, 0, 0, '', '', 'text', '', '', '', 0, 0, 0 FROM n`,
	`INSERT INTO ev (seq, conv, kind, ref, person, role, ts, data) SELECT mid, conv, 2, 0, 1, 0, 0, '' FROM msg`,
}

// TestPlans pins the plans on a store with rows, before and after ANALYZE: with
// its figures SQLite once turned a look-up into a join over the whole table.
func TestPlans(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		e, err := openLite(t.Context(), filepath.Join(t.TempDir(), "messages.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.close() })
		testPlans(t, e, "EXPLAIN QUERY PLAN ", []string{"", "ANALYZE"})
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv("PBX_TEST_POSTGRES")
		if dsn == "" {
			t.Skip("PBX_TEST_POSTGRES is not set")
		}
		s, err := OpenPostgres(t.Context(), dsn, "m_plans", Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_, err := s.e.(*elephant).pool.Exec(context.Background(), "DROP SCHEMA "+pgx.Identifier{"m_plans"}.Sanitize()+" CASCADE")
			if err != nil {
				t.Error(err)
			}
			s.Close()
		})
		testPlans(t, s.e, "EXPLAIN ", []string{"ANALYZE"}) // it always has figures
	})
}

func testPlans(t *testing.T, e engine, explain string, after []string) {
	tx, err := e.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range fill {
		if _, err := tx.exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range after {
		if step != "" {
			tx, err := e.begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.exec(t.Context(), step); err != nil {
				t.Fatal(err)
			}
			if err := tx.commit(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range plans {
			checkPlan(t, e, explain, p.name+" after "+step, p.text, p.args, p.not)
		}
	}
	// The words that are looked for do come in a plan that is bad.
	if plan := planOf(t, e, explain, `SELECT mid FROM msg WHERE author = $1 ORDER BY cid`, []any{int64(1)}); !hasAny(plan, scanned) || !hasAny(plan, sorted[2:]) {
		t.Fatalf("a bad plan reads %s", plan)
	}
}

func checkPlan(t *testing.T, e engine, explain, name, text string, args []any, not []string) {
	t.Helper()
	if plan := planOf(t, e, explain, text, args); hasAny(plan, not) {
		t.Errorf("%s:\n%s", name, plan)
	}
}

func hasAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

func planOf(t *testing.T, e engine, explain, text string, args []any) string {
	t.Helper()
	c, free, err := e.read(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	var plan strings.Builder
	err = c.query(t.Context(), explain+text, func(scan func(...any) error) error {
		var line string
		var err error
		if explain == "EXPLAIN " {
			err = scan(&line)
		} else {
			err = scan(new(int64), new(int64), new(int64), &line)
		}
		fmt.Fprintln(&plan, line)
		return err
	}, args...)
	if err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
