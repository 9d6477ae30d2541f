package phone

import (
	"bufio"
	"context"
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		line  string
		want  command
		wrong string // part of the error
	}{
		{line: "hello", want: command{say, "hello"}},
		{line: "  as typed ", want: command{say, "  as typed "}},
		{line: "//etc/hosts", want: command{say, "/etc/hosts"}},
		{line: "/chat bob", want: command{chat, "bob"}},
		{line: "/chat  bob@example.com ", want: command{chat, "bob@example.com"}},
		{line: "/history", want: command{verb: history}},
		{line: "/history  bob ", want: command{history, "bob"}},
		{line: "/send  my plan.pdf", want: command{send, "my plan.pdf"}},
		{line: "/groups", want: command{verb: groups}},
		{line: "/history bob carol", wrong: "one name"},
		{line: "/send", wrong: "name of a file"},
		{line: "/groups all", wrong: "alone"},
		{line: "/who", want: command{verb: who}},
		{line: "/hangup", want: command{verb: hangup}},
		{line: "/quit", want: command{verb: quit}},
		{line: "/help", want: command{verb: help}},
		{line: "/chat", wrong: "one name"},
		{line: "/chat bob carol", wrong: "one name"},
		{line: "/quit now", wrong: "alone"},
		{line: "/etc/hosts", wrong: "no command /etc/hosts"},
		{line: "/", wrong: "no command /"},
	}
	for _, tt := range tests {
		got, err := parseCommand(tt.line)
		switch {
		case tt.wrong == "" && (err != nil || got != tt.want):
			t.Errorf("%q: %+v, %v", tt.line, got, err)
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%q: error %v, want %q", tt.line, err, tt.wrong)
		}
	}
}

// Every command is in the help.
func TestHelpNamesEveryCommand(t *testing.T) {
	for name := range verbs {
		if !strings.Contains(helpText, name) {
			t.Errorf("help does not mention %s", name)
		}
	}
}

func TestReadLines(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	input := "one\r\n\n  two  \nbad \xff\n" + long + "\nlast"
	var got []line
	for l := range readLines(context.Background(), strings.NewReader(input)) {
		got = append(got, l)
	}
	want := []line{
		{text: "one"}, {}, {text: "  two  "},
		{wrong: "a line of the input is not UTF-8"}, {wrong: "a line of the input is longer than 1 MiB"},
		{text: "last"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestReadLineOfEmptyInput(t *testing.T) {
	if l, err := readLine(bufio.NewReader(strings.NewReader(""))); l != (line{}) || err == nil {
		t.Errorf("%+v, %v", l, err)
	}
}
