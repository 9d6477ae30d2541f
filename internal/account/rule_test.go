package account

import (
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for in, want := range map[string]string{
		"anna": "anna", "Anna.B": "anna.b", "anna@example.com": "anna@example.com", "a": "a", "9": "9", "a+b_c-d": "a+b_c-d",
		strings.Repeat("a", 64): strings.Repeat("a", 64),
	} {
		if got, err := checkName("name", in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", ".a", "a.", "-", "a b", "änna", "a\x00", "a/b", "__proto__", "a\n", strings.Repeat("a", 65), "a,b", "\u212a"} {
		if got, err := checkName("name", in); CodeOf(err) != CodeBadName {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	words := append(parts("anna.bauer@example.com"), "tandem-test.example", "north")
	for _, in := range []string{
		"correct horse", "xkqz-wvut-7", "пароль-длинный", "annas-other-secret", "p4ssw0rd-kiwi-tree", strings.Repeat("ab c", 256),
	} {
		if err := checkPassword("password", in, words); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, in := range []string{
		"", "short", "123456789", "ninechars", "äöüäöüäöü", // fewer than ten characters
		strings.Repeat("abcd", 257), "with\x00control", "with\ncontrol", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6",
		"aaaaaaaaaaaa", "ababababab", "1234567890", "9876543210", "0123456789",
		"password123", "Password2026!", "!!administrator", "qwertyuiop", "letmeinnow", "Changeme1234",
		"anna.bauer@example.com", "Anna.Bauer", "anna.bauer1", "2026anna.bauer!", "example123456", "EXAMPLE.COM", "example.com2026",
		"tandem-test.example", "northnorth", "north12345", "anna.baueranna.bauer",
	} {
		if err := checkPassword("password", in, words); CodeOf(err) != CodeWeakPassword {
			t.Errorf("%q: %v", in, err)
		} else if in != "" && len(in) > 3 && strings.Contains(err.Error(), in) {
			t.Errorf("%q is told", in)
		}
	}
}

func TestCheckGrants(t *testing.T) {
	for _, g := range []Grant{{Role: "root"}, {Role: OrgAdmin}, {Role: OrgAdmin, Org: strings.Repeat("a", 65)}, {Role: OrgAdmin, Org: "a\n"}, {Role: OrgAdmin, Org: "\xff"}} {
		if _, err := checkGrants([]Grant{g}); CodeOf(err) != CodeBadGrant {
			t.Errorf("%+v: %v", g, err)
		}
	}
}

func TestHash(t *testing.T) {
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1})
	one, two := h.hash("secret"), h.hash("secret")
	if one == two {
		t.Error("two hashes of one password are the same")
	}
	for password, want := range map[string]bool{"secret": true, "Secret": false, "": false, "secret ": false} {
		if ok, stale, err := h.verify(one, password); ok != want || stale || err != nil {
			t.Errorf("%q: %v, stale %v, %v", password, ok, stale, err)
		}
	}
	dearer := newHasher(Cost{Memory: 64, Time: 2, Threads: 1})
	if ok, stale, err := dearer.verify(one, "secret"); !ok || !stale || err != nil {
		t.Errorf("with another cost: %v, stale %v, %v", ok, stale, err)
	}
	if got := newHasher(Cost{}).cost; got != (Cost{Memory: 19456, Time: 2, Threads: 1}) {
		t.Errorf("the usual cost is %+v", got)
	}
}

// TestKnownHash: the notation and the numbers are those that others use too. The
// hash is of the reference implementation of argon2 (argon2id, "somesalt").
func TestKnownHash(t *testing.T) {
	const stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1})
	if ok, stale, err := h.verify(stored, "password"); !ok || !stale || err != nil {
		t.Errorf("%v, stale %v, %v", ok, stale, err)
	}
}

func TestDamagedHash(t *testing.T) {
	h := newHasher(Cost{Memory: 64, Time: 1, Threads: 1})
	good := h.hash("secret")
	for _, in := range []string{
		"", "secret", "$", good + "$", good[1:], strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=4294967295", 1), strings.Replace(good, "m=64", "m=0", 1), strings.Replace(good, "t=1", "t=999", 1),
		strings.Replace(good, "p=1", "p=255", 1), strings.Replace(good, "p=1", "p=1,x=2", 1), strings.Replace(good, "m=64", "m=+64", 1),
		good[:len(good)-30], good[:len(good)-1] + "!",
	} {
		if ok, _, err := h.verify(in, "secret"); ok || err == nil {
			t.Errorf("%q: %v, %v", in, ok, err)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePHC(text)
		if err == nil && p.String() != text {
			t.Errorf("%q was read as %q", text, p)
		}
	})
}

func FuzzSecret(f *testing.F) {
	good, _ := newSecret()
	f.Add(good)
	f.Add(good + "=")
	f.Add(strings.Repeat("A", 42) + "\n")
	f.Add(strings.Repeat("A", 43))
	f.Fuzz(func(t *testing.T, text string) {
		if !isSecret(text) {
			return
		}
		for _, r := range text {
			if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", r) {
				t.Errorf("%q is taken for a secret", text)
			}
		}
	})
}

func FuzzRecovery(f *testing.F) {
	f.Add("abcd-efgh-ijkl-mnop")
	f.Add("123456")
	f.Add("abcdefgh\r\n234567")
	f.Fuzz(func(t *testing.T, text string) {
		plain, ok := recoveryOf(text)
		if again, still := recoveryOf(plain); ok && (!still || again != plain) {
			t.Errorf("%q: %q, then %q", text, plain, again)
		}
	})
}
