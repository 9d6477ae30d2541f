package appservice_test

import (
	"crypto/des"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tandem-switch/tandem/appservice"
	"github.com/tandem-switch/tandem/internal/strictjson"
)

// groups maps every group of the vector file to its check. A group that is not
// here fails the test: vectors that nobody computes prove nothing.
var groups = map[string]func(*testing.T, json.RawMessage){
	"app_login_digest":  checkAppLogin,
	"session_key":       checkSessionKey,
	"appws_encrypt":     checkEncrypt,
	"appws_hash":        checkHash,
	"myapps":            checkMyApps,
	"rc4":               checkRC4,
	"ntlm":              checkNTLM,
	"negative":          checkNegative,
	"json_canonical":    checkCanonical,
	"service_login_key": checkServiceLoginKey,
}

// notVectors are members of the file that describe it.
var notVectors = map[string]bool{"format": true, "about": true, "verified_with": true, "self_check": true}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile("../testdata/appwebsocket-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	read(t, text, &file)
	for name, raw := range file {
		if notVectors[name] {
			continue
		}
		check, ok := groups[name]
		if !ok {
			t.Errorf("group %q is not checked", name)
			continue
		}
		t.Run(name, func(t *testing.T) { check(t, raw) })
	}
	for name := range groups {
		if _, ok := file[name]; !ok {
			t.Errorf("group %q is missing from the file", name)
		}
	}
}

func read(t *testing.T, raw []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func checkAppLogin(t *testing.T, raw json.RawMessage) {
	var list []struct {
		ID, App, Domain, SIP, GUID, DN, Challenge, Password, Digest, Message string
		Info                                                                 *string `json:"info_json"`
		Input                                                                string  `json:"hash_input"`
	}
	read(t, raw, &list)
	if len(list) < 10 {
		t.Fatalf("%d vectors", len(list))
	}
	for _, v := range list {
		l := appservice.Login{App: v.App, Domain: v.Domain, SIP: v.SIP, GUID: v.GUID, DN: v.DN, Digest: v.Digest}
		if v.Info != nil {
			l.Info = []byte(*v.Info)
		}
		equal(t, v.ID+" input", sha(v.Input), v.Digest)
		equal(t, v.ID, appservice.Digest(l, v.Challenge, v.Password), v.Digest)
		checkVerify(t, v.ID, l, v.Challenge, v.Password)
		if v.Message != "" {
			checkVerify(t, v.ID+" message", parsedLogin(t, v.Message), v.Challenge, v.Password)
		}
	}
}

// checkVerify accepts the login in both cases of its digest, and nothing else.
func checkVerify(t *testing.T, id string, l appservice.Login, challenge, password string) {
	t.Helper()
	upper, wrong := l, l
	upper.Digest = strings.ToUpper(l.Digest)
	wrong.SIP += "x"
	if !appservice.Verify(l, challenge, password) || !appservice.Verify(upper, challenge, password) {
		t.Errorf("%s: not verified", id)
	}
	if appservice.Verify(wrong, challenge, password) || appservice.Verify(l, challenge+"0", password) ||
		appservice.Verify(l, challenge, password+"x") {
		t.Errorf("%s: a wrong login verifies", id)
	}
}

func parsedLogin(t *testing.T, message string) appservice.Login {
	t.Helper()
	f, err := appservice.ParseFrame(new(strictjson.Doc), []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return appservice.LoginFrom(f)
}

func checkSessionKey(t *testing.T, raw json.RawMessage) {
	var list []struct{ Challenge, Password, Key string }
	read(t, raw, &list)
	for _, v := range list {
		equal(t, "key", appservice.SessionKey(v.Challenge, v.Password), v.Key)
	}
}

func checkEncrypt(t *testing.T, raw json.RawMessage) {
	var list []struct {
		Key             string `json:"session_key"`
		Seed, Plaintext string
		Hex             string
	}
	read(t, raw, &list)
	for _, v := range list {
		equal(t, "encrypt", appservice.Encrypt(v.Seed, v.Key, v.Plaintext), v.Hex)
		plain, err := appservice.Decrypt(v.Seed, v.Key, v.Hex)
		if err != nil {
			t.Error(err)
		}
		equal(t, "decrypt", plain, v.Plaintext)
	}
}

func checkHash(t *testing.T, raw json.RawMessage) {
	var list []struct {
		Key              string `json:"session_key"`
		Seed, Data, Hash string
	}
	read(t, raw, &list)
	for _, v := range list {
		equal(t, "hash", appservice.Hash(v.Seed, v.Key, v.Data), v.Hash)
	}
}

func checkMyApps(t *testing.T, raw json.RawMessage) {
	var v struct {
		Domain, Username, Password, Nonce, Challenge string
		LoginUser                                    struct{ Response string } `json:"login_user"`
		LoginResult                                  struct {
			Info   string `json:"info_json"`
			Digest string
			Usr    string `json:"session_usr_plain"`
			Pwd    string `json:"session_pwd_plain"`
		} `json:"login_result"`
		LoginSession struct{ Username, Password, Nonce, Challenge, Response string } `json:"login_session"`
		Redirect     struct {
			Info   string `json:"info_json"`
			Digest string
		}
	}
	read(t, raw, &v)
	p := appservice.Proof{Type: appservice.TypeUser, Domain: v.Domain, User: v.Username, Password: v.Password, Nonce: v.Nonce, Challenge: v.Challenge}
	equal(t, "response", p.Response(), v.LoginUser.Response)
	if !p.Verify(strings.ToUpper(v.LoginUser.Response)) || p.Verify(v.LoginUser.Response[1:]) {
		t.Error("Verify")
	}
	equal(t, "login result", p.LoginResultDigest([]byte(v.LoginResult.Info)), v.LoginResult.Digest)
	equal(t, "redirect", p.RedirectDigest([]byte(v.Redirect.Info)), v.Redirect.Digest)

	sealed := p.SealSession(v.LoginResult.Usr, v.LoginResult.Pwd)
	info := appservice.ClientInfo{
		User:    appservice.User{Domain: v.Domain, SIP: v.Username, GUID: "0123456789abcdef0123456789abcdef", DN: "Alice Müller", Num: "201", Email: "alice@example.com"},
		Session: &sealed,
	}
	equal(t, "info", string(info.AppendJSON(nil)), v.LoginResult.Info)
	id, password, err := p.OpenSession(sealed)
	if err != nil {
		t.Error(err)
	}
	equal(t, "id", id, v.LoginResult.Usr)
	equal(t, "password", password, v.LoginResult.Pwd)

	s := v.LoginSession
	q := appservice.Proof{Type: appservice.TypeSession, Domain: v.Domain, User: s.Username, Password: s.Password, Nonce: s.Nonce, Challenge: s.Challenge}
	equal(t, "session", q.Response(), s.Response)
}

func checkRC4(t *testing.T, raw json.RawMessage) {
	var list []struct{ Key, Hex, Plaintext string }
	read(t, raw, &list)
	for _, v := range list {
		got, err := appservice.Unseal(v.Key, v.Hex)
		if err != nil {
			t.Error(err)
		}
		equal(t, v.Key, got, v.Plaintext)
	}
}

// checkNTLM computes the method that is not offered (decision 21), so that the
// vectors are known to be right on the day somebody needs them.
func checkNTLM(t *testing.T, raw json.RawMessage) {
	var list []struct {
		Password, Challenge, Response string
		Hash                          string `json:"nt_hash"`
		Key                           string `json:"session_key"`
	}
	read(t, raw, &list)
	for _, v := range list {
		hash := md4(utf16LE(v.Password))
		equal(t, "hash", hex.EncodeToString(hash), v.Hash)
		equal(t, "key", hex.EncodeToString(md4(hash)), v.Key)
		challenge, _ := hex.DecodeString(v.Challenge)
		var response []byte
		padded := append(append([]byte(nil), hash...), 0, 0, 0, 0, 0)
		for i := 0; i < 21; i += 7 {
			response = append(response, desBlock(t, padded[i:i+7], challenge)...)
		}
		equal(t, "response", hex.EncodeToString(response), v.Response)
	}
}

func desBlock(t *testing.T, key7, block []byte) []byte {
	t.Helper()
	var bits uint64
	for _, b := range key7 {
		bits = bits<<8 | uint64(b)
	}
	key := make([]byte, 8)
	for i := range key {
		key[i] = byte(bits>>(49-7*i)) << 1
	}
	c, err := des.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 8)
	c.Encrypt(out, block)
	return out
}

func checkNegative(t *testing.T, raw json.RawMessage) {
	var list []struct {
		ID                  string
		Wrong               string `json:"info_wrong"`
		Right               string `json:"info_right"`
		Digest              string `json:"digest_right"`
		Input               string `json:"hash_input"`
		Printed, Recomputed string
	}
	read(t, raw, &list)
	tolerated := map[string]bool{"escaped-slash": true, "html-escaped": true, "key-reorder": false}
	for _, v := range list {
		if v.Printed != "" {
			equal(t, v.ID, sha(v.Input), v.Recomputed)
			continue
		}
		verifies, ok := tolerated[v.ID]
		if !ok {
			t.Errorf("%s: not checked", v.ID)
		}
		const challenge, password = "0123456789abcdef", "pwd"
		right := appservice.Login{App: "a", Info: []byte(v.Right), Digest: v.Digest}
		wrong := appservice.Login{App: "a", Info: []byte(v.Wrong), Digest: v.Digest}
		equal(t, v.ID, appservice.Digest(right, challenge, password), v.Digest)
		if appservice.Digest(wrong, challenge, password) == v.Digest {
			t.Errorf("%s: the wrong serialisation has the same digest", v.ID)
		}
		if got := appservice.Verify(wrong, challenge, password); got != verifies {
			t.Errorf("%s: Verify = %v, want %v (decision 16)", v.ID, got, verifies)
		}
	}
}

func checkCanonical(t *testing.T, raw json.RawMessage) {
	var list []struct {
		In        string
		Compact   string `json:"raw_compact"`
		Canonical string
	}
	read(t, raw, &list)
	for _, v := range list {
		equal(t, "compact", string(appservice.Compact([]byte(v.In))), v.Compact)
		equal(t, "canonical", string(appservice.Canonical([]byte(v.In))), v.Canonical)
		equal(t, "twice", string(appservice.Canonical([]byte(v.Canonical))), v.Canonical)
	}
}

func checkServiceLoginKey(t *testing.T, raw json.RawMessage) {
	var v struct {
		Connection string `json:"connection_session_key"`
		Salt, Key  string
		Challenge  string `json:"target_challenge"`
		Password   string `json:"target_password"`
		Target     string `json:"target_session_key"`
	}
	read(t, raw, &v)
	target := appservice.SessionKey(v.Challenge, v.Password)
	equal(t, "target", target, v.Target)
	equal(t, "key", appservice.Encrypt(v.Salt, v.Connection, target), v.Key)
}
