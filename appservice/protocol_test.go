package appservice_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"encoding/json"

	"github.com/tandem-switch/tandem/appservice"
)

// documented are the message types; PROTOCOL.md has a section for each.
var documented = []appservice.Message{
	appservice.KeepAlive{}, appservice.CheckBuild{}, appservice.CheckBuildResult{}, appservice.ErrorMessage{},
	appservice.AppChallenge{}, appservice.AppChallengeResult{}, appservice.AppLogin{}, appservice.AppLoginResult{},
	appservice.AppCheckLogin{}, appservice.AppCheckLoginResult{}, appservice.PbxInfo{}, appservice.AppInfo{},
	appservice.AppInfoResult{}, appservice.SubscribeRegister{}, appservice.UpdateRegister{}, appservice.LoginInfo{},
	appservice.LoginInfoResult{}, appservice.ClientLogin{}, appservice.Authenticate{}, appservice.Authorize{},
	appservice.LoginResult{}, appservice.Redirect{}, appservice.LoginCancel{}, appservice.Logout{},
	appservice.LogoutResult{}, appservice.UpdateUser{}, appservice.SessionAdded{}, appservice.SessionUpdated{},
	appservice.SessionDeleted{}, appservice.AuthorizeSession{}, appservice.DeleteSession{}, appservice.SetSessionInfo{},
	appservice.SubscribeApps{}, appservice.UpdateApps{}, appservice.UpdateAppsInfo{}, appservice.UpdateAppsComplete{},
	appservice.SetApps{}, appservice.Wake{}, appservice.AppGetLogin{}, appservice.AppGetLoginResult{},
	appservice.SetUserActivity{}, appservice.SetOwnPresence{}, appservice.UpdateOwnPresence{},
}

// messageTypes are the values of the constants MT*.
func messageTypes(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "MT") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found[value] = true
		return true
	})
	return found
}

// sections are the texts below the ### headings of PROTOCOL.md.
func sections(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, part := range strings.Split(string(text), "\n### ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		body, _, _ = strings.Cut(body, "\n## ")
		out[name] = body
	}
	return out
}

func TestEveryMessageIsDocumented(t *testing.T) {
	types, parts := messageTypes(t), sections(t)
	if len(types) < 40 {
		t.Fatalf("%d constants found", len(types))
	}
	for mt := range types {
		body := parts[mt]
		if !strings.Contains(body, "→") || !strings.Contains(body, "```json") {
			t.Errorf("%s has no section with direction and example", mt)
		}
	}
	for name := range parts {
		if !types[name] {
			t.Errorf("section %s is about no message", name)
		}
	}
	for _, m := range documented {
		if !types[m.MessageType()] {
			t.Errorf("%T is %s, which has no constant", m, m.MessageType())
		}
		delete(types, m.MessageType())
	}
	for mt := range types {
		t.Errorf("%s has no Go type in this test", mt)
	}
}

// TestProtocolExamples decodes each example and encodes it again, byte by byte.
func TestProtocolExamples(t *testing.T) {
	byMT := map[string]reflect.Type{}
	for _, m := range documented {
		byMT[m.MessageType()] = reflect.TypeOf(m)
	}
	count := 0
	for name, body := range sections(t) {
		for _, part := range strings.Split(body, "```json\n")[1:] {
			example, _, _ := strings.Cut(part, "\n```")
			f := parse(t, example)
			if f.MT != name || f.Duplicate() {
				t.Errorf("section %s: example %s", name, example)
				continue
			}
			v := reflect.New(byMT[f.MT])
			decodeStrictly(t, example, v.Interface())
			again, err := appservice.AppendReply(nil, f, v.Elem().Interface())
			if err != nil {
				t.Errorf("%s: %v", example, err)
			}
			equal(t, name, string(again), example)
			count++
		}
	}
	if count < 50 {
		t.Errorf("only %d examples", count)
	}
}

// decodeStrictly fails on members that the Go type does not have.
func decodeStrictly(t *testing.T, text string, v any) {
	t.Helper()
	var members map[string]json.RawMessage
	read(t, []byte(text), &members)
	for _, envelope := range []string{"mt", "api", "src"} {
		delete(members, envelope)
	}
	rest, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(rest)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func TestTolerantReading(t *testing.T) {
	var info appservice.AppInfoResult
	read(t, []byte(`{"app":"a","info":{},"seviceInfo":{"apis":{"x":{}}}}`), &info)
	if !info.ServiceInfo.Has("x") || info.ServiceInfo.Has("y") || info.App != "a" {
		t.Errorf("%+v", info)
	}
	var challenge appservice.AppChallengeResult
	read(t, []byte(`{"challenge":1234567890123456}`), &challenge)
	equal(t, "number", string(challenge.Challenge), "1234567890123456")
	var authorize appservice.Authorize
	read(t, []byte(`{"code":"0471"}`), &authorize)
	if authorize.Code != 471 {
		t.Error(authorize.Code)
	}
}
