package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test binary is also the servers that Run starts.
const (
	childVariable = "TANDEM_BENCH_CHILD"
	stubVariable  = "TANDEM_BENCH_STUB"
)

func TestMain(m *testing.M) {
	if k := os.Getenv(childVariable); k != "" {
		finish(ServeChild(Kind(k), os.Stdin, os.Stdout))
	}
	if os.Getenv(stubVariable) != "" {
		finish(stubCommand(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func finish(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// stubCommand answers the command line of pbx. It has no --pprof.
func stubCommand(args []string) error {
	if args[0] != "serve" {
		return nil
	}
	if args[len(args)-2] == "--pprof" {
		return fmt.Errorf("unknown flag --pprof")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("ready on http://%s/\n", l.Addr())
	return newStub().serve(l)
}

// stubBinary is an executable that behaves like pbx.
func stubBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pbx")
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec %q \"$@\"\n", stubVariable, self)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func testChild(k Kind) *exec.Cmd {
	self, _ := os.Executable()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+string(k))
	return cmd
}

// A whole run, with all four servers as processes.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	report, err := Run(context.Background(), Config{
		Pairs: 2, Rounds: 1, Window: 20 * time.Millisecond, Idle: 20, PBX: stubBinary(t), Quick: true, Child: testChild, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := len(goals()) - len(storedGoals())/2; len(report.Rows) != want { // there is no PostgreSQL here
		t.Errorf("%d rows for %d goals", len(report.Rows), want)
	}
	for _, row := range report.Rows {
		if x, measured := row.Values[Tandem]; !measured || math.IsNaN(x) || row.Must > 0 && row.Verdict == "" {
			t.Errorf("%s %s: %v, verdict %q", row.Goal, row.What, row.Values, row.Verdict)
		}
	}
	readable(t, report)
}

// readable checks both forms of the report.
func readable(t *testing.T, report *Report) {
	t.Helper()
	var table, object bytes.Buffer
	if err := report.Table(&table); err != nil {
		t.Fatal(err)
	}
	if err := report.JSON(&object); err != nil {
		t.Fatal(err)
	}
	var parsed struct{ Rows []map[string]any }
	if err := json.Unmarshal(object.Bytes(), &parsed); err != nil || len(parsed.Rows) != len(report.Rows) {
		t.Errorf("JSON: %d rows, %v", len(parsed.Rows), err)
	}
	for _, id := range []string{"G1 ", "G2 ", "G3 ", "G5 ", "G6 ", "G7 ", "G9 ", "G10 ", "G11 "} {
		if !strings.Contains(table.String(), "\n"+id) {
			t.Errorf("the table has no %s:\n%s", id, table.String())
		}
	}
}

func TestRunWithoutTandem(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	report, err := Run(context.Background(), Config{
		Pairs: 1, Rounds: 1, Window: 10 * time.Millisecond, Only: []string{"G3"}, PBX: "none", Child: testChild, Log: t.Logf,
	})
	if err != nil || len(report.Rows) != 2 || report.Rows[0].Verdict != "" || report.Short() {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestRunSaysWhyItFails(t *testing.T) {
	_, err := Run(context.Background(), Config{
		Pairs: 1, Rounds: 1, Window: time.Millisecond, Only: []string{"G1"}, PBX: "/bin/false", Child: testChild, Log: t.Logf,
	})
	if err == nil || !strings.Contains(err.Error(), "domain add") {
		t.Errorf("error %v", err)
	}
}
