package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Report is the result of a run.
type Report struct {
	Rows  []Row
	Notes []string // circumstances that the reader should know
}

// Short says whether a "must" was missed.
func (r *Report) Short() bool {
	for _, row := range r.Rows {
		if row.Verdict == "short" {
			return true
		}
	}
	return false
}

// kinds is the order of the columns.
func kinds() []Kind { return []Kind{Relay, Coalescing, NATS, Tandem} }

// Table writes the report for people; it fits into a Markdown code block.
func (r *Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "goal\twhat\tR\tF\tN\tT\tmeasured\tmust\tstretch\t")
	for _, row := range r.Rows {
		fmt.Fprintf(t, "%s\t%s", row.Goal, row.What)
		for _, k := range kinds() {
			fmt.Fprintf(t, "\t%s", cell(row.Values, k, row.Unit))
		}
		fmt.Fprintf(t, "\t%s\t%s\t%s\t%s\n", row.measured(), row.limit(row.Must, row.Must > 0), row.limit(row.Stretch, row.Stretch >= 0), row.Verdict)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	return nil
}

func cell(values map[Kind]float64, k Kind, unit string) string {
	x, measured := values[k]
	if !measured || math.IsNaN(x) {
		return "-"
	}
	return strings.TrimSpace(number(x) + " " + unit)
}

// number shows three significant digits, whole numbers from 100 on.
func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return "-"
	case math.Abs(x) >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case math.Abs(x) >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

func (r *Row) measured() string {
	if r.Against == "" && r.Must == 0 || math.IsNaN(r.Measured) {
		return ""
	}
	return strings.TrimSpace(number(r.Measured) + " " + string(r.Against))
}

func (r *Row) limit(x float64, set bool) string {
	if !set || r.Must == 0 {
		return ""
	}
	sign := "≤ "
	if r.More {
		sign = "≥ "
	}
	return strings.TrimSpace(sign + number(x) + " " + string(r.Against))
}

// jsonRow is a Row for programs: what was not measured is absent.
type jsonRow struct {
	Goal     string           `json:"goal"`
	What     string           `json:"what"`
	Unit     string           `json:"unit,omitempty"`
	Values   map[Kind]float64 `json:"values"`
	Against  Kind             `json:"against,omitempty"`
	Measured *float64         `json:"measured,omitempty"`
	Must     *float64         `json:"must,omitempty"`
	Stretch  *float64         `json:"stretch,omitempty"`
	Verdict  string           `json:"verdict,omitempty"`
}

// JSON writes the report for programs, as one object.
func (r *Report) JSON(w io.Writer) error {
	out := struct {
		Rows  []jsonRow `json:"rows"`
		Notes []string  `json:"notes,omitempty"`
	}{Notes: r.Notes, Rows: []jsonRow{}}
	for _, row := range r.Rows {
		out.Rows = append(out.Rows, row.json())
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func (r *Row) json() jsonRow {
	j := jsonRow{Goal: r.Goal, What: r.What, Unit: r.Unit, Values: map[Kind]float64{}, Against: r.Against, Verdict: r.Verdict}
	for k, x := range r.Values {
		if !math.IsNaN(x) {
			j.Values[k] = x
		}
	}
	if !math.IsNaN(r.Measured) {
		j.Measured = &r.Measured
	}
	if r.Must > 0 {
		j.Must = &r.Must
		if r.Stretch >= 0 {
			j.Stretch = &r.Stretch
		}
	}
	return j
}

func itoa(n int) string { return strconv.Itoa(n) }

// fanSeries names what is measured with k devices.
func fanSeries(series string, k int) string { return series + " k=" + itoa(k) }
