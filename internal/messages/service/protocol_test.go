package service

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// indications are what the service sends; PROTOCOL.md has a section for each, as for
// the requests.
func indications() []any {
	return []any{
		new(SessionResult), new(PostResult), new(ReadChatsInd), new(ReadChatsResult), new(ReadChatInd), new(ReadChatResult),
		new(SetReadResult), new(UpdateResult), new(DeleteResult), new(AttachmentsResult), new(CreateFileBufferResult),
		new(DeleteFileBufferResult), new(SetFilterResult), new(DiscussionResult), new(GetMoreResult), new(Add), new(Topic),
		new(ReadTopicsResult), new(WriteTopicResult), new(WriteGroupResult), new(ReadGroupsInd), new(ReadGroupsResult),
		new(WriteMemberResult), new(Marked), new(ReadMembersInd), new(ReadMembersResult), new(GroupChanged),
		new(MemberChanged), new(Deliver), new(Resolve), new(Event), new(SyncInd), new(SyncResult), new(SearchInd),
		new(SearchResult), new(ReadMarksInd), new(ReadMarksResult), new(ReactResult), new(PinResult), new(ReadPinsInd),
		new(ReadPinsResult), new(LikeResult), new(SetDraftResult), new(SetGroupResult), new(JoinResult), new(LeaveResult),
		new(InviteResult), new(KickResult), new(BanResult), new(MuteResult), new(GrantResult), new(BroadcastResult),
		new(ReadBroadcastResult),
	}
}

// messageTypes are the values of the constants MT* of the files wire_*.go.
func messageTypes(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, name := range []string{"wire_link.go", "wire_chat.go", "wire_topic.go", "wire_ext.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
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
	}
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
	if len(types) < 80 {
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
	for _, m := range append(requests(), indications()...) {
		delete(types, m.(appservice.Message).MessageType())
	}
	for mt := range types {
		t.Errorf("%s has no Go type in this test", mt)
	}
}

// TestProtocolExamples decodes each example and encodes it again, byte by byte.
func TestProtocolExamples(t *testing.T) {
	byMT := map[string]reflect.Type{}
	asked := map[string]bool{}
	for _, m := range requests() {
		asked[m.(appservice.Message).MessageType()] = true
	}
	for _, m := range append(requests(), indications()...) {
		byMT[m.(appservice.Message).MessageType()] = reflect.TypeOf(m).Elem()
	}
	count := 0
	for name, body := range sections(t) {
		for _, part := range strings.Split(body, "```json\n")[1:] {
			example, _, _ := strings.Cut(part, "\n```")
			f, err := appservice.ParseFrame(new(strictjson.Doc), []byte(example))
			if err != nil || f.MT != name || f.Duplicate() {
				t.Errorf("section %s: example %s: %v", name, example, err)
				continue
			}
			v := reflect.New(byMT[f.MT])
			decodeStrictly(t, example, v.Interface())
			if asked[name] {
				own := reflect.New(byMT[f.MT])
				if err := decode(f.Doc().Root(), own.Interface()); err != nil || !reflect.DeepEqual(own.Interface(), v.Interface()) {
					t.Errorf("%s: own decoder: %v, %+v", example, err, own)
				}
			}
			again, err := appservice.AppendReply(nil, f, v.Elem().Interface())
			if err != nil {
				t.Errorf("%s: %v", example, err)
			}
			if string(again) != example {
				t.Errorf("%s:\n got %s\nwant %s", name, again, example)
			}
			count++
		}
	}
	if count < 90 {
		t.Errorf("only %d examples", count)
	}
}

// decodeStrictly fails on members that the Go type does not have.
func decodeStrictly(t *testing.T, text string, v any) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		t.Fatal(err)
	}
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
