package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script is an operator's first hour. It runs without a server, and with one.
var script = []step{
	{args: "domain list", out: "DOMAIN"},
	{args: "user add alice --password-stdin", stdin: "long enough\n", code: exitFailed, err: "pbx domain add example.com"},
	{args: "domain add example.com --host pbx.example.com --host chat.example.com", out: "added the domain example.com (hosts: pbx.example.com, chat.example.com), the default one"},
	{args: "domain add example.com", code: exitFailed, err: "taken"},
	{args: "domain add two.example", out: "added the domain two.example"},
	{args: "domain set two.example --default --host two.example.net", out: "the default one"},
	{args: "domain set two.example --no-hosts --host x", code: exitUsage, err: "can't be used together"},
	{args: "domain set example.com --default --no-hosts", out: "changed the domain example.com, the default one"},
	{args: "domain list", out: "two.example two.example.net - -"},

	{args: "user add alice@example.com --dn Alice_A. --num 101 --password-stdin", stdin: "secret:alice\n", out: "added the user alice@example.com"},
	{args: "user add bob --num 102 --password-stdin", stdin: "long enough\r\n", out: "added the user bob@example.com"},
	{args: "user add carol --password-stdin", stdin: "short\n", code: exitFailed, err: "8"},
	{args: "user add carol", code: exitUsage, err: "--password-file FILE"},
	{args: "user add carol --password-stdin", stdin: "\n", code: exitFailed, err: "no password in standard input"},
	{args: "user add carol --password-stdin", stdin: strings.Repeat("x", 5000), code: exitFailed, err: "too long"},
	{args: "user add carol --password-file /does/not/exist", code: exitFailed, err: "/does/not/exist"},
	{args: "user add carol --password-stdin --password-file x", code: exitUsage, err: "can't be used together"},
	{args: "user add bob --password-stdin", stdin: "long enough", code: exitFailed, err: "taken"},
	{args: "user set bob --dn Bob --num= --disabled", out: "changed the user bob@example.com"},
	{args: "user list", out: "bob@example.com - Bob yes"},
	{args: "user set bob --no-disabled --rename robert", out: "robert@example.com"},
	{args: "user set nobody --dn X", code: exitFailed, err: "no user nobody in example.com"},
	{args: "user set robert --password-stdin", stdin: "longer still", out: "changed"},
	{args: "user list --domain two.example", out: "-alice"},
	{args: "user list --domain nowhere", code: exitFailed, err: "no domain"},
	{args: "user remove robert@example.com", out: "removed the user robert@example.com"},
	{args: "user remove robert", code: exitFailed, err: "no user robert"},
	{args: "user add dora --second-factor --num 104 --password-stdin", stdin: "long enough", out: "added the user dora@example.com"},
	{args: "user list", out: "dora@example.com 104 - - yes"},
	{args: "user list --json", out: `"second_factor": true`},
	{args: "user set dora --dn D.", out: "changed"},
	{args: "user list", out: "dora@example.com 104 D. - yes"},
	{args: "user set dora --no-second-factor", out: "changed"},
	{args: "user list", out: "dora@example.com 104 D. - -"},
	{args: "user set dora --second-factor --json", out: `"second_factor": true`},
	{args: "user remove dora", out: "removed"},
	{args: "user add dora --no-second-factor --password-stdin --json", stdin: "long enough", out: `"second_factor": false`},
	{args: "user remove dora", out: "removed"},

	{args: "app add bot --api PbxSignal --api PbxApi --url https://bot.example/x --password-stdin", stdin: "x", out: "added the app bot@example.com"},
	{args: "app add other --api Bogus", code: exitFailed, err: "no API Bogus: an app can have PbxApi, PbxSignal"},
	{args: "app set bot --api Bogus", code: exitFailed, err: "no API Bogus"},
	{args: "app add mute@two.example", out: "without a password"},
	{args: "app list", out: "bot@example.com PbxSignal,PbxApi https://bot.example/x -"},
	{args: "app set bot --no-apis --url= --disabled", out: "changed the app bot@example.com"},
	{args: "app set bot --second-factor", code: exitUsage, err: "--second-factor"},
	{args: "app list --domain example.com", out: "bot@example.com - - yes"},
	{args: "app set bot --api PbxSignal", out: "changed"},
	{args: "user set alice --app bot", out: "changed"},
	{args: "user set alice --app nothing", code: exitFailed, err: "no app \"nothing\""},
	{args: "app remove mute@two.example", out: "removed the app mute@two.example"},

	{args: "device add desk --user alice@example.com --text On_the_desk --single", out: "added the device desk of alice@example.com"},
	{args: "device add desk --user alice", code: exitFailed, err: "desk"},
	{args: "device add desk", code: exitUsage, err: "--user"},
	{args: "device list --user alice", out: "desk alice@example.com On the desk - yes"},
	{args: "device remove desk --user alice", out: "removed the device desk"},
	{args: "device remove desk --user alice", code: exitFailed, err: "no device desk"},
	{args: "device add soft --user alice --app phone", out: "added the device soft"},
	{args: "device list --user alice", out: "soft alice@example.com - phone -"},
	{args: "device add other --user alice --app nothing", code: exitFailed, err: "no app \"nothing\""},
	{args: "device remove soft --user alice", out: "removed the device soft"},

	{args: "object add staff --type template --app bot", out: "added the template staff@example.com"},
	{args: "object add team --type group --num 300 --members sales", out: "added the group team@example.com"},
	{args: "object add trunk --type gateway", out: "added the gateway trunk@example.com"},
	{args: "object add x --type king", code: exitUsage, err: "--type"},
	{args: "object list", out: "team@example.com group"},
	{args: "object list --type template", out: "-team"},
	{args: "domain set example.com --settings -", stdin: `{"plan":{"nodes":[{"name":"west","prefix":"7"}],"routes":[{"prefix":"0","to":"trunk"}]}}`, out: "changed the domain"},
	{args: "domain set example.com --settings -", stdin: `{"colour":"red"}`, code: exitFailed, err: "colour"},
	{args: "domain list --json", out: `"to": "trunk"`},
	{args: "user set alice --template staff --group sales --group support --email a@example.com --node west --hide --block bot", out: "changed the user alice@example.com"},
	{args: "object show alice", out: `"template": "staff"`},
	{args: "object show alice", out: `"name": "support"`},
	{args: "object show nobody", code: exitFailed, err: "pbx object list"},
	{args: "user set alice --template=nothing", code: exitFailed, err: "nothing"},
	{args: "user set alice --no-groups --no-emails --no-hide --no-blocks --template= --node=", out: "changed"},
	{args: "object set team --dn Team --disabled", out: "changed the group team@example.com"},
	{args: "domain set example.com --settings -", stdin: `{"plan":null}`, out: "changed the domain"},
	{args: "object remove trunk", out: "removed the gateway trunk@example.com"},
	{args: "object remove team", out: "to bring it back: pbx object restore"},
	{args: "object deleted", out: "team@example.com group"},
	{args: "object restore 999999", code: exitFailed, err: "no such deleted object"},
	{args: "object remove staff", out: "removed the template"},

	{args: "domain remove example.com --reason test", code: exitFailed, err: "users"},
	{args: "domain remove two.example", code: exitFailed, err: "--reason"},
	{args: "domain remove two.example --reason test", out: "removed the domain two.example"},
	{args: "domain remove two.example", code: exitFailed, err: "pbx domain list"},

	{args: "audit head", out: "key ed25519:"},
	{args: "audit list --act domain.remove", out: `"test"`},
	{args: "audit list --object alice --act object.set --most 1", out: "object.set alice@example.com done"},
	{args: "audit list --actor nobody", out: "-alice"},
	{args: "audit list --json --outcome begun", out: `"act": "domain.remove"`},
	{args: "audit list --since tomorrow", code: exitUsage, err: "--since"},
	{args: "audit list --since 2100-01-01", out: "-alice"},
	{args: "audit list --since 10m --most 1", out: "operator"},
	{args: "audit list --most 0", code: exitUsage, err: "--most"},
	{args: "audit list --domain nowhere", code: exitFailed, err: "nowhere"},
	{args: "audit verify", out: "rows are as they were written, up to"},
	{args: "audit verify --head 9999:" + zeros, code: exitFailed, err: "cut off the end"},
	{args: "audit verify --head 1:" + zeros, code: exitFailed, err: "Row 1 was changed"},
	{args: "audit verify --head x", code: exitFailed, err: "A head is like"},
	{args: "audit verify --partial", code: exitUsage, err: "name a file"},
	{args: "audit export -", out: `"act":"audit.export"`},
}

// zeros is a hash that no row has.
const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// An export is looked through without server and without data directory.
func TestAuditExport(t *testing.T) {
	data, folder := t.TempDir(), t.TempDir()
	s := start(t, data, 0)
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "app add bot"},
		{args: "domain add two.example"},
	})
	file, part := filepath.Join(folder, "audit.jsonl"), filepath.Join(folder, "part.jsonl")
	if code := s.stop(); code != exitOK {
		t.Fatalf("the server ended with %d", code)
	}
	head := pbx(t, "", "audit", "head", "--json", "--data", data) // signed when the server stopped
	var h struct{ Signed, Key string }
	if err := json.Unmarshal([]byte(head.out), &h); err != nil || !strings.HasPrefix(h.Signed, "3:") {
		t.Fatalf("%+v: %v", head, err)
	}
	play(t, data, []step{
		{args: "audit export " + file, out: "4 rows are as they were written"},
		{args: "audit export " + file, code: exitFailed, err: "exists"},
		{args: "audit export --domain example.com " + part, out: "2 rows"},
	})
	if got := pbx(t, "", "audit", "verify", "--head", h.Signed, "--data", data); !strings.Contains(got.out, "signed up to row 3") {
		t.Errorf("the signed head: %+v", got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export: %v, %v", info, err)
	}
	changed := filepath.Join(folder, "changed.jsonl")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(changed, bytes.Replace(text, []byte("bot"), []byte("dot"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(folder, "nowhere")
	play(t, nowhere, []step{
		{args: "audit verify " + file, out: "4 rows are as they were written"},
		{args: "audit verify --key ed25519:x " + file, code: exitUsage, err: "--key"},
		{args: "audit verify --head x " + file, code: exitUsage, err: "--head"},
		{args: "audit verify " + changed, code: exitFailed, err: "Row 2 was changed"},
		{args: "audit verify --partial " + part, out: "2 rows"},
		{args: "audit verify " + nowhere, code: exitFailed, err: "no such file"},
	})
	if got := pbx(t, "", "audit", "verify", "--head", h.Signed, "--key", h.Key, file); !strings.Contains(got.out, "signed up to row 3") {
		t.Errorf("the signed head and the export: %+v", got)
	}
	if got := pbx(t, string(text), "audit", "verify", "-"); got.code != exitOK || !strings.Contains(got.out, "4 rows") {
		t.Errorf("from the standard input: %+v", got)
	}
}

func TestAdministration(t *testing.T) {
	t.Run("without server", func(t *testing.T) {
		data := t.TempDir()
		if got := pbx(t, "", "user", "list", "--data", data); got.code != exitFailed || !strings.Contains(got.err, "not the data directory") {
			t.Errorf("%+v", got)
		}
		if left, _ := os.ReadDir(data); len(left) > 1 { // the lock
			t.Errorf("a command that only looks has made %v", left)
		}
		play(t, data, script[2:])
		play(t, data, []step{
			{args: "regs", code: exitFailed, err: "pbx serve"},
			{args: "calls", code: exitFailed, err: "pbx serve"},
			{args: "links", code: exitFailed, err: "pbx serve"},
		})
	})
	t.Run("with server", func(t *testing.T) {
		data := t.TempDir()
		start(t, data, 0)
		play(t, data, script)
		play(t, data, []step{
			{args: "regs", out: "USER"},
			{args: "calls", out: "KIND"},
			{args: "regs --json", out: "[]"},
			{args: "calls --json", out: "[]"},
			{args: "links", out: "messages@example.com - yes"},
			{args: "messages list", out: "example.com embedded stored yes"},
			{args: "app add crm --url http://127.0.0.1:9/crm --password-stdin", stdin: "pwd", code: exitFailed, err: "private"},
			{args: "app add crm --url https://crm.invalid/x/crm --password-stdin", stdin: "pwd", out: "added"},
			{args: "object set crm --websocket", out: "changed"},
			{args: "links", out: "crm@example.com https://crm.invalid/x/crm -"},
		})
	})
}

// What a command has written without server is there when one starts, and what
// it writes then is seen by the next command without one.
func TestServerComesAndGoes(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	play(t, data, []step{
		{args: "user list", code: exitFailed, err: "no data directory"},
		{args: "domain add example.com"},
		{args: "user add alice --password-stdin", stdin: "long enough"},
	})
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory: %v, %v", info, err)
	}
	s := start(t, data, 0)
	play(t, data, []step{
		{args: "user list", out: "alice@example.com"},
		{args: "user add bob --password-stdin", stdin: "long enough"},
		{args: "serve --listen http://127.0.0.1:0", code: exitFailed, err: "in use by another server"},
	})
	if code := s.stop(); code != exitOK {
		t.Errorf("the server ended with %d", code)
	}
	play(t, data, []step{{args: "user list", out: "bob@example.com"}})
}

func TestJSONLists(t *testing.T) {
	data := t.TempDir()
	start(t, data, 0)
	for _, list := range []string{"domain list", "user list", "app list", "device list", "regs", "calls"} {
		got := pbx(t, "", append(strings.Fields(list), "--json", "--data", data)...)
		if got.code != exitOK || strings.TrimSpace(got.out) != "[]" {
			t.Errorf("pbx %s --json: %+v", list, got)
		}
	}
	play(t, data, []step{
		{args: "domain add example.com --json", out: `"default": true`},
		{args: "user add alice --dn <A&B> --num 101 --password-stdin --json", stdin: "long enough", out: `"dn": "`},
		{args: "app add bot --json", out: `"apis": []`},
		{args: "device add desk --user alice --json", out: `"hw": "desk"`},
	})
	var users []struct{ SIP, Num, Domain, GUID string }
	got := pbx(t, "", "user", "list", "--json", "--data", data)
	if err := json.Unmarshal([]byte(got.out), &users); err != nil || len(users) != 1 || users[0].SIP != "alice" || users[0].Num != "101" || len(users[0].GUID) != 32 {
		t.Errorf("%+v, %v", users, err)
	}
}

func TestImport(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "users.csv")
	csv := "sip,dn,num,password\nalice,Alice,101,long enough\nbob,Bob,101,long enough\ncarol,\"C, arol\",103,short\ndave,Dave,104,long enough\n"
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	play(t, data, []step{
		{args: "domain add example.com"},
		{args: "domain add two.example"},
		{args: "user import --domain two.example " + file, code: exitFailed, out: "added 2 users to two.example", err: "users.csv:3: The number 101"},
		{args: "user import " + file + "x", code: exitFailed, err: "no such file"},
		{args: "user import -", stdin: "name;password\n", code: exitFailed, err: "sip,dn,num,password"},
		{args: "user import -", stdin: "sip,dn,num,password\neve,Eve,105,long enough\n", out: "added 1 users to example.com"},
		{args: "user import --json - --domain two.example", stdin: "sip,dn,num,password\nalice,Alice,101,long enough\n", code: exitFailed, out: `"code": "name_taken"`, err: "1 lines"},
		{args: "user list --domain two.example", out: "dave@two.example"},
		{args: "user import --dry-run -", stdin: "sip,dn,num,password,groups\nfred,'=Fred,109,long enough,sales\n", out: "would add 1 users to example.com"},
		{args: "user import --dry-run -", stdin: "sip,dn,num,password\nfred,,1,short\n", code: exitFailed, out: "would add 0 users", err: "1 lines of - would be refused"},
		{args: "user list --domain example.com", out: "-fred"},
		{args: "user import -", stdin: "sip,dn,num,password,groups\nfred,'=Fred,109,long enough,sales\n", out: "added 1 users to example.com"},
		{args: "user list --domain example.com", out: "=Fred"},
		{args: "user export", out: "fred,'=Fred,109,,,,,,sales,"},
		{args: "user export --domain two.example " + file, code: exitFailed, err: "exists"},
		{args: "user export --domain two.example " + file + ".new"},
		{args: "user list --domain two.example", out: "-carol"},
	})
}
