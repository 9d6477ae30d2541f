package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
)

// WriteJSON writes v for programs, and so that people can read it.
func WriteJSON(con Console, v any) error {
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Show writes v as JSON, or in words.
func Show[T any](con Console, asJSON bool, v T, words func(T) string) error {
	if asJSON {
		return WriteJSON(con, v)
	}
	_, err := fmt.Fprintln(con.Out, words(v))
	return err
}

// Table is rows below a header, in columns.
func Table(header string, rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(header, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// Yes is yes, or a dash.
func Yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}

// Or is s, or a dash where there is nothing to show.
func Or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// WriteNew writes a file that is not there yet, for its owner alone. What broke off is
// removed.
func WriteNew(path string, content io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; name another file", path)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	err = errors.Join(err, f.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// ShowVersion writes which program this is.
func ShowVersion(con Console, program, version string, asJSON bool) error {
	v := struct {
		Version  string `json:"version"`
		Revision string `json:"revision"`
		Go       string `json:"go"`
	}{version, Revision(), runtime.Version()}
	if asJSON {
		return WriteJSON(con, v)
	}
	_, err := fmt.Fprintf(con.Out, "%s %s (%s, %s)\n", program, v.Version, v.Revision, v.Go)
	return err
}

// Revision is the commit that this program was built from, as far as the build knows
// it.
func Revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, changed := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	return revision + changed
}
