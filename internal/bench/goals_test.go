package bench

import (
	"math"
	"strings"
	"testing"
)

func TestRows(t *testing.T) {
	v := values{}
	for _, x := range []float64{6, 12} { // a slow round hits both
		v.add("G1", Relay, x)
		v.add("G1", Tandem, x*1.1)
		v.add("G1", NATS, x*1.25)
		v.add("G2", Relay, x*1.6)
		v.add("G2", Tandem, x*2)
	}
	v.add("G9", Tandem, 0.004)
	v.add(storedSeries(storeSQLite, 1024, "rate"), Tandem, 25000)
	want := []struct {
		goal     string
		measured float64
		verdict  string
	}{
		{"G1", 1.1, "ok"}, {"G1", 0.88, "short"}, {"G2", 2, "short"}, {"G2", 1.25, ""}, {"G9", 0.004, "stretch"}, {"G10", 25000, "ok"},
	}
	rows := v.rows()
	if len(rows) != len(want) {
		t.Fatalf("%d rows: %+v", len(rows), rows)
	}
	for i, w := range want {
		if r := rows[i]; r.Goal != w.goal || math.Abs(r.Measured-w.measured) > 1e-9 || r.Verdict != w.verdict {
			t.Errorf("row %d: %s %v %q, want %v", i, r.Goal, r.Measured, r.Verdict, w)
		}
	}
	if !(&Report{Rows: rows}).Short() {
		t.Error("a missed must is not noticed")
	}
}

func TestTableShowsWhatIsThere(t *testing.T) {
	v := values{}
	v.add("G1", Relay, 6)
	v.add("G1", Tandem, 6.3)
	var out strings.Builder
	if err := (&Report{Rows: v.rows(), Notes: []string{"quiet"}}).Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"1.05 R", "≤ 1.20 R", "6.30 µs", " - ", "ok", "note: quiet"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out.String())
		}
	}
}

// Of some things more is better.
func TestMoreIsBetter(t *testing.T) {
	for x, want := range map[float64]string{math.NaN(): "", 19999: "short", 20000: "ok", 40000: "stretch"} {
		v := values{}
		v.add(storedSeries(storeSQLite, 1024, "rate"), Tandem, x)
		rows := v.rows()
		if len(rows) != 1 || rows[0].Verdict != want {
			t.Errorf("%v: %+v", x, rows)
		}
		if limit := rows[0].limit(rows[0].Must, true); limit != "≥ 20000" {
			t.Errorf("limit %s", limit)
		}
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 1.456: "1.46", 12.34: "12.3", 99.96: "100", 7018: "7018", 9.996: "10.0"} {
		if got := number(x); got != want {
			t.Errorf("number(%v) = %s, want %s", x, got, want)
		}
	}
}
