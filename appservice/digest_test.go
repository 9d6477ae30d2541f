package appservice_test

import (
	"encoding/json"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
)

func TestInfoAsCaptured(t *testing.T) {
	object := appservice.Info{
		AppObj: "go-search", AppDN: "go-search", AppURL: "http://192.168.178.29:5000/fritz.box/go/instance/searchapi",
		PBX: "pbx-main", CN: "go-search", Unlicensed: true,
	}
	equal(t, "object login", string(object.AppendJSON(nil)),
		`{"appobj":"go-search","appdn":"go-search","appurl":"http://192.168.178.29:5000/fritz.box/go/instance/searchapi","pbx":"pbx-main","cn":"go-search","unlicensed":true,"apps":[]}`)
	user := object
	user.CN, user.TestMode, user.Groups = "rico", true, []appservice.Group{}
	equal(t, "user login", string(user.AppendJSON(nil)),
		`{"appobj":"go-search","appdn":"go-search","appurl":"http://192.168.178.29:5000/fritz.box/go/instance/searchapi","pbx":"pbx-main","cn":"rico","testmode":true,"groups":[],"apps":[]}`)
	full := appservice.Info{
		AppObj: "a", AppDN: "b\r\n</>", CN: "Ü\u2028\x7f\"\xed\xa0\x80", Lics: 3,
		Groups: []appservice.Group{{Name: "g"}, {Name: "h", Mode: "active"}}, Apps: []appservice.InfoApp{{Name: "users", DN: "Users"}, {Name: "x"}},
	}
	equal(t, "cleaned", string(full.AppendJSON(nil)),
		`{"appobj":"a","appdn":"b</>","cn":"Ü\"","lics":3,"groups":[{"name":"g"},{"name":"h","mode":"active"}],"apps":[{"name":"users","dn":"Users"},{"name":"x"}]}`)
	back := appservice.InfoOf(appservice.Login{Info: full.AppendJSON(nil)})
	if back.Lics != 3 || len(back.Groups) != 2 || back.Apps[0].DN != "Users" {
		t.Errorf("%+v", back)
	}
}

func TestGeneratedInfoIsCanonical(t *testing.T) {
	info := appservice.ClientInfo{
		User: appservice.User{Domain: "d", SIP: "s", DN: "a\\b\"/<\u2029>\u00e9\U0001F44B", Prefix: appservice.Prefix{Intl: "000", Country: "49"}},
		APIs: []string{"PbxSignal", "PbxMessages"},
	}
	raw := info.AppendJSON(nil)
	equal(t, "canonical", string(appservice.Canonical(raw)), string(raw))
	equal(t, "text", string(raw), `{"user":{"domain":"d","sip":"s","guid":"","dn":"a\\b\"/<>é👋","prefix":{"intl":"000","country":"49"}},"account":{},"settings":{},"apis":["PbxSignal","PbxMessages"]}`)
}

func TestCanonicalEscapes(t *testing.T) {
	for in, want := range map[string]string{
		`"\/\\u003c\\\u003c"`:                    `"/\\u003c\\<"`,
		`"\u0000\u000A\u001F\u0022\u005C\u007f"`: `"\u0000\n\u001f\"\\` + "\x7f" + `"`,
		`"\ud83d\udc4b \uD83D x \udc4b\uD83D"`:   `"👋 \ud83d x \udc4b\ud83d"`,
		`"\u2028"`:                               "\"\u2028\"",
		`{ "a\u0062" : [ 1.50 , true , null ] }`: `{"ab":[1.50,true,null]}`,
		`"\b\f\n\r\t"`:                           `"\b\f\n\r\t"`,
	} {
		equal(t, in, string(appservice.Canonical([]byte(in))), want)
	}
}

func TestDigestWithoutInfo(t *testing.T) {
	l := appservice.Login{App: "a"}
	want := appservice.Digest(l, "c", "p")
	for _, none := range []string{"", "null", " null ", "\n"} {
		l.Info = []byte(none)
		equal(t, none, appservice.Digest(l, "c", "p"), want)
	}
	l.Info = []byte("{}")
	if appservice.Digest(l, "c", "p") == want {
		t.Error("an empty object has a field of its own")
	}
}

func TestLoginForms(t *testing.T) {
	equal(t, "password", appservice.Digest(appservice.PasswordLogin("robot", "example.com"), "C", "pwd-robot"),
		sha("robot:example.com:robot:00000000000000000000000000000000:Admin:C:pwd-robot"))
	equal(t, "user", appservice.Digest(appservice.UserLogin("example.com", "alice"), "C", "secret-alice"),
		sha(":example.com:alice:::C:secret-alice"))
	equal(t, "check", appservice.CheckLoginDigest("users", "example.com", "C", "pwd"), sha("users:example.com::::C:pwd"))
}

func TestSealLoginKey(t *testing.T) {
	sealed := appservice.SealLoginKey("salt", "password", "the key")
	if sealed == "the key" {
		t.Error("not sealed")
	}
	got, err := appservice.OpenLoginKey("salt", "password", sealed)
	if err != nil || got != "the key" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := appservice.OpenLoginKey("salt", "password", "zz"); err == nil {
		t.Error("no hex")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("app", "dn", []byte(`{"a":"\/\u003c"}`), "digest")
	f.Add("", "", []byte("{\"a\":\xff"), "")
	f.Add("", "", []byte(`"\u12`), "")
	f.Fuzz(func(t *testing.T, app, dn string, info []byte, digest string) {
		l := appservice.Login{App: app, DN: dn, Info: info, Digest: digest}
		if appservice.Verify(l, "challenge", "password") {
			t.Fatal("a guess verifies")
		}
		l.Digest = appservice.Digest(l, "challenge", "password")
		if !appservice.Verify(l, "challenge", "password") {
			t.Fatalf("the own digest of %q does not verify", info)
		}
		l.Info = appservice.Canonical(info)
		if string(l.Info) == string(appservice.Compact(info)) {
			return
		}
		canonical := l
		canonical.Digest = appservice.Digest(l, "challenge", "password")
		canonical.Info = info
		if len(appservice.Compact(info)) > 0 && json.Valid(info) && !appservice.Verify(canonical, "challenge", "password") {
			t.Fatalf("the canonical form of %q does not verify", info)
		}
	})
}
