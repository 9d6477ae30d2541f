package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxText bounds the text of a record.
const maxText = 16 << 10

// secretParts make a member secret wherever they stand in its name; secretNames
// and bodyNames are whole names, linkNames ends of names. All are lower-case, and names are compared
// without regard to case, for a misspelt secret is one all the same.
var (
	secretParts = []string{"password", "passwd", "passphrase", "pwd", "secret", "token", "digest", "credential", "authorization", "cookie"}
	secretNames = []string{
		"key", "keys", "appkey", "apikey", "api_key", "privatekey", "private_key", "usr", "response",
		"endpoint", "p256dh", "auth", // of push subscriptions
	}
	bodyNames = []string{"data", "text", "alt", "subject"}
	// linkNames hold an address, or several, that may lack its beginning.
	linkNames = []string{"url", "attach"}
)

// An assignment is a name and what gives it a value, inside of some text.
var (
	secretAssigned = regexp.MustCompile(`(?i)(password|passwd|passphrase|pwd|secret|token|digest|credential|authorization|cookie)\w*["'\s]*[:=]|` +
		`\b(keys?|appkey|api_?key|private_?key|usr|response|endpoint|p256dh|auth|a=crypto|inline)["'\s]*[:=]`)
	bodyAssigned = regexp.MustCompile(`(?i)\b(data|text|alt|subject)["'\s]*[:=]`)
)

type privacy uint8

const (
	public privacy = iota
	body           // shown by its length
	secret         // not shown
)

// mask returns what may be seen of a frame. It does not need the frame to be
// JSON, for broken frames are what traces are read for: as long as the bytes
// look like JSON they are read as such, and from where they do not, all is
// hidden that could belong to a secret.
func mask(frame []byte, content bool) string {
	m := masker{in: frame, content: content}
	for m.at < len(m.in) && len(m.out) <= maxText {
		m.next()
	}
	cut := len(m.out) > maxText
	if cut {
		m.out = m.out[:maxText]
	}
	text := strings.ToValidUTF8(string(m.out), "\uFFFD")
	if cut || m.at < len(m.in) {
		text += fmt.Sprintf(" (cut, of %d bytes)", len(m.in))
	}
	return text
}

// masker walks once through a frame, token by token.
type masker struct {
	in      []byte
	at      int
	out     []byte
	content bool // bodies are shown
	masked  bool // something was hidden already
	link    bool // the member that was named last has one of linkNames
}

// next handles the token at m.at and moves on by at least one byte.
func (m *masker) next() {
	switch c := m.in[m.at]; {
	case c == '"':
		m.quoted()
	case bytes.IndexByte(structural, c) >= 0:
		m.copyTo(m.at + 1)
	default:
		if end := literalEnd(m.in, m.at); end > m.at {
			m.copyTo(end)
		} else {
			m.junk()
		}
	}
}

// structural are the bytes of JSON outside of strings and words.
var structural = []byte(" \t\r\n{}[]:,+-.0123456789eE")

// quoted handles a string: a member name with its value, or a value alone.
func (m *masker) quoted() {
	end := stringEnd(m.in, m.at)
	after := skipSpace(m.in, end)
	if after == len(m.in) || m.in[after] != ':' {
		m.value(end)
		m.expectEnd(after)
		return
	}
	p := m.privacyOf(m.in[m.at:end])
	m.link = isLink(m.in[m.at:end])
	m.copyTo(after + 1)
	if p != public {
		m.hide(p)
	}
}

// expectEnd notes that what stands at after does not end a value: the string
// before it had no end where it seemed to, and what follows may belong to it.
func (m *masker) expectEnd(after int) {
	if after < len(m.in) && bytes.IndexByte([]byte(",]}"), m.in[after]) < 0 {
		m.masked = true
		m.junk()
	}
}

// privacyOf judges a member by its name. A name that nobody can read could be any.
func (m *masker) privacyOf(quoted []byte) privacy {
	name, ok := unquote(quoted)
	if !ok {
		return secret
	}
	name = strings.ToLower(name)
	for _, part := range secretParts {
		if strings.Contains(name, part) {
			return secret
		}
	}
	if slices.Contains(secretNames, name) {
		return secret
	}
	if !m.content && slices.Contains(bodyNames, name) {
		return body
	}
	return public
}

func isLink(quoted []byte) bool {
	name, _ := unquote(quoted)
	name = strings.ToLower(name)
	return slices.ContainsFunc(linkNames, func(end string) bool { return strings.HasSuffix(name, end) })
}

// hide replaces the value that follows, whatever its type. Only true, false and
// null are shown: they tell whether there is something and no more.
func (m *masker) hide(p privacy) {
	m.copyTo(skipSpace(m.in, m.at))
	if m.at == len(m.in) || literalEnd(m.in, m.at) > m.at {
		return
	}
	m.cover(valueEnd(m.in, m.at), p)
}

// cover writes a placeholder for the value up to end.
func (m *masker) cover(end int, p privacy) {
	size := len(bytes.TrimSuffix(bytes.TrimPrefix(m.in[m.at:end], []byte{'"'}), []byte{'"'}))
	if p == secret {
		m.out = append(m.out, `"***"`...)
	} else {
		m.out = fmt.Appendf(m.out, `"(%d bytes)"`, size)
	}
	m.at, m.masked = end, true
}

// value handles a string that ends before end and that no name makes private. It
// may hold a secret nevertheless: another JSON text, a form or a URL.
func (m *masker) value(end int) {
	s, ok := unquote(m.in[m.at:end])
	if !ok || strings.ContainsAny(s, ":=") && m.assigns(s) {
		m.cover(end, body)
		return
	}
	shown := maskURLs(s)
	if m.link {
		shown = maskQuery(shown)
	}
	if shown == s {
		m.copyTo(end)
		return
	}
	m.out = append(m.out, quote(shown)...)
	m.at = end
}

// quote writes a text as a JSON string that people can read: < and > stay.
func quote(s string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return []byte(`"***"`)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte{'\n'})
}

// assigns reports whether a text gives a value to something private.
func (m *masker) assigns(s string) bool {
	return secretAssigned.MatchString(s) || !m.content && bodyAssigned.MatchString(s)
}

// junk handles the rest of a frame from where it is no JSON. What follows a
// hidden value may be its continuation and is hidden too. Otherwise all is shown
// up to where a secret, an escaped name or the query of a URL could begin.
func (m *masker) junk() {
	rest := string(m.in[m.at:])
	end := len(rest)
	if m.masked {
		end = 0
	}
	if at := strings.IndexAny(rest[:end], `\?`); at >= 0 {
		end = at
	}
	if at := m.secretWord(rest[:end]); at >= 0 {
		end = at
	}
	m.copyTo(m.at + min(end, maxText))
	if hidden := len(rest) - end; hidden > 0 {
		m.out = fmt.Appendf(m.out, "*** (%d bytes)", hidden)
		m.at = len(m.in)
	}
}

// secretWord returns where in s the first word stands that could name a secret,
// or a body where these are hidden; -1 if there is none.
func (m *masker) secretWord(s string) int {
	s = asciiLower(s)
	words := [][]string{secretParts, secretNames}
	if !m.content {
		words = append(words, bodyNames)
	}
	first := -1
	for _, list := range words {
		for _, word := range list {
			if at := strings.Index(s, word); at >= 0 && (first < 0 || at < first) {
				first = at
			}
		}
	}
	return first
}

// copyTo shows the frame up to end.
func (m *masker) copyTo(end int) {
	m.out = append(m.out, m.in[m.at:end]...)
	m.at = end
}

// maskURLs hides, of each URL in a text, the query and the credentials before the
// host. Only what has a scheme is a URL: other question marks end sentences.
func maskURLs(s string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "://")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		end := strings.IndexFunc(rest, endsURL)
		if end < 0 {
			end = len(rest)
		}
		out.WriteString("://" + maskQuery(maskUser(rest[:end])))
		s = rest[end:]
	}
}

// endsURL tells that a character cannot be part of a URL inside of a text.
func endsURL(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>"`, r) }

// maskQuery hides what follows the first question mark.
func maskQuery(s string) string {
	if before, _, found := strings.Cut(s, "?"); found {
		return before + "?***"
	}
	return s
}

// maskUser hides the credentials before a host, behind which a path may stand.
func maskUser(s string) string {
	host := s
	if at := strings.IndexAny(s, "/?"); at >= 0 {
		host = s[:at]
	}
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		return "***" + s[at:]
	}
	return s
}
