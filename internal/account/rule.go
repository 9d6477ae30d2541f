package account

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of what is stored.
const (
	maxName        = 64   // characters of a name
	minPassword    = 10   // characters
	maxPassword    = 1024 // bytes
	maxGrants      = 64   // of an account or token
	maxAccounts    = 10_000
	maxTokens      = 100 // of an account
	maxSessions    = 50  // of an account; the least used are ended
	maxUserAgent   = 200
	maxOrg         = 64
	minEasyRepeats = 3 // different characters that a password must have at least
)

// checkName refuses with bad_name what is no name of an account, and returns the
// form in which names are kept and compared.
func checkName(field, name string) (string, error) {
	name = strings.Map(lowerASCII, name)
	ok := name != "" && len(name) <= maxName && isAlnum(name[0]) && isAlnum(name[len(name)-1])
	for i := 0; ok && i < len(name); i++ {
		ok = isAlnum(name[i]) || strings.IndexByte(".-_@+", name[i]) >= 0
	}
	if !ok {
		return "", refuse(CodeBadName, field, fmt.Sprintf(
			"A name has 1 to %d letters a-z, digits, and . - _ @ + between them.", maxName))
	}
	return name, nil
}

// lowerASCII leaves everything else as it is: unicode has letters whose lower case
// is an ASCII one.
func lowerASCII(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func isAlnum(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// common are passwords of the required length that are tried first, in lower case
// and without digits and signs at the end, as strength compares them.
func common() []string {
	return []string{
		"administrator", "administrateur", "adminadmin", "adminpassword", "passwordadmin", "password", "passwort",
		"passwordpassword", "qwertyuiop", "qwertzuiop", "asdfghjkl", "asdfghjklö", "changeme", "changemenow", "changeit",
		"letmein", "letmeinnow", "welcome", "iloveyou", "abcdefghij", "operator", "tandem", "tandempbx", "telephone", "root",
		"qwerty", "secret", "default", "admin", "test", "testtest", "supersecret", "topsecret",
	}
}

// checkPassword refuses with weak_password what an administrator must not have:
// too short, one of a short list, or made of words, such as the name of the
// account or of its domain. words are compared in any case.
func checkPassword(field, password string, words []string) error {
	if utf8.RuneCountInString(password) < minPassword {
		return refuse(CodeWeakPassword, field, fmt.Sprintf("The password of an administrator has at least %d characters.", minPassword))
	}
	if len(password) > maxPassword || !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return refuse(CodeWeakPassword, field, fmt.Sprintf("A password has at most %d bytes of text without control characters.", maxPassword))
	}
	if easy(password, words) {
		return refuse(CodeWeakPassword, field, "This password is too easy to guess: it is a common one, or made from the name of the account or its domain.")
	}
	return nil
}

// easy tells whether nothing is left of the password but a common word, a name,
// and digits and signs around it.
func easy(password string, words []string) bool {
	const row = "01234567890123456789098765432109876543210"
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	plain := strings.ToLower(password)
	core := strings.TrimFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(different) < minEasyRepeats || strings.Contains(row, plain) {
		return true
	}
	if core != "" && slices.Contains(common(), core) {
		return true
	}
	return slices.ContainsFunc(words, func(w string) bool {
		w = strings.ToLower(w)
		return w != "" && (plain == w || plain == w+w || core == strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) && core != "")
	})
}

// parts are the words of a name: anna@example.com has itself, anna and
// example.com.
func parts(name string) []string {
	local, domain, _ := strings.Cut(name, "@")
	first, _, _ := strings.Cut(domain, ".")
	return []string{name, local, domain, first}
}

// checkGrants refuses with bad_grant or too_many, and removes what is there twice.
func checkGrants(list []Grant) ([]Grant, error) {
	if len(list) > maxGrants {
		return nil, refuse(CodeTooMany, "grants", fmt.Sprintf("There are at most %d grants.", maxGrants))
	}
	var kept []Grant
	for _, g := range list {
		if err := g.Validate(); err != nil {
			return nil, err
		}
		if len(g.Org) > maxOrg || !utf8.ValidString(g.Org) || strings.ContainsFunc(g.Org, unicode.IsControl) {
			return nil, refuse(CodeBadGrant, "org", fmt.Sprintf("An organisation has a name of at most %d printable bytes.", maxOrg))
		}
		if !slices.Contains(kept, g) {
			kept = append(kept, g)
		}
	}
	return kept, nil
}
