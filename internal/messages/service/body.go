package service

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/sanitize"
)

const (
	mimeHTML  = "text/html"
	mimePlain = "text/plain"
)

// clean makes a body fit to be stored (decision 61, A9): text is sanitised HTML
// whatever the switch has done, and mime is empty where text says it all.
func (b *Body) clean() error {
	b.Mime = mimeOf(b.Mime)
	b.Text, b.Alt = sanitize.HTML(b.Text), sanitize.HTML(b.Alt)
	switch b.Mime {
	case mimeHTML:
		if b.Text == "" {
			b.Text = sanitize.HTML(b.Data)
		}
		b.Mime, b.Data = "", ""
	case mimePlain:
		b.Data = strings.ToValidUTF8(b.Data, "\uFFFD")
		b.Text = sanitize.EscapeText(b.Data)
	default:
		if b.Data == "" {
			return parameter("A message of type %q needs data.", b.Mime)
		}
		b.Data = strings.ToValidUTF8(b.Data, "\uFFFD")
		if b.Text == "" {
			b.Text = b.Alt
		}
	}
	return b.check()
}

func (b *Body) check() error {
	dataLimit := maxStructured
	if b.Mime == mimePlain {
		dataLimit = maxText
	}
	switch {
	case len(b.Mime) > maxMime:
		return parameter("mime is longer than %d bytes.", maxMime)
	case isLonger(b.Text, maxText), isLonger(b.Alt, maxText), isLonger(b.Data, dataLimit):
		return withCause(causeTooLong, parameter("The message is too long."))
	}
	return b.checkExt()
}

// checkExt takes ext only as an object; null and {} are none.
func (b *Body) checkExt() error {
	if len(b.Ext) == 0 || string(b.Ext) == "null" || string(b.Ext) == "{}" {
		b.Ext = nil
		return nil
	}
	var doc strictjson.Doc
	if len(b.Ext) > maxExt || doc.Parse(b.Ext) != nil || doc.Root().Kind() != strictjson.Object {
		return parameter("ext is no object of at most %d bytes.", maxExt)
	}
	if _, twice := doc.Duplicate(); twice {
		return parameter("ext has a name twice.")
	}
	return nil
}

// isEmpty tells whether a body says nothing.
func (b *Body) isEmpty() bool { return b.Text == "" && b.Data == "" && b.Alt == "" }

// mimeOf is a media type as it is compared: in lower case, without parameters.
func mimeOf(mime string) string {
	mime, _, _ = strings.Cut(mime, ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	if mime == "" {
		return mimeHTML
	}
	return sanitize.Text(mime, maxMime+1)
}

// isLonger tells whether a text is longer than a limit as a JSON string. It looks
// closer where escapes could make it so.
func isLonger(s string, most int) bool {
	return len(s) > most/maxEscape && jsonLength(s) > most
}

// maxEscape is how many bytes one becomes at most.
const maxEscape = 6

// jsonLength is how long a text is as a JSON string, without the quotes. Escapes
// count as they are written by this service.
func jsonLength(s string) int {
	if len(s) > maxText {
		return len(s)
	}
	return len(strictjson.AppendString(nil, s)) - 2
}

// fromExt reads members of our extension that travel within a text: what it
// answers, when it ends, and whether it is for a program.
func (q *Post) fromExt() {
	if len(q.Ext) == 0 {
		return
	}
	var doc strictjson.Doc
	if doc.Parse(q.Ext) != nil {
		return
	}
	root := doc.Root()
	if n, ok := number(root.Get("reply")); ok && q.Reply == 0 {
		q.Reply = n
	}
	if n, ok := number(root.Get("expires")); ok && q.Expires == 0 {
		q.Expires = n
	}
	if kind := root.Get("kind"); q.Kind == "" && kind.Is(kindCommand) {
		q.Kind = kindCommand
	}
}

// kindCommand is a message for a program: not counted as unread.
const kindCommand = "command"

func kindOf(kind string) (messages.MessageKind, error) {
	switch kind {
	case "", "normal":
		return messages.Normal, nil
	case kindCommand:
		return messages.Command, nil
	}
	return 0, parameter("kind is neither normal nor command.")
}

// previewLength is how many characters of a message a list of chats shows.
const previewLength = 120

// preview is the begin of a message as plain text.
func preview(html string) string {
	var out strings.Builder
	n := 0
	for at := 0; at < len(html) && n < previewLength; {
		switch c := html[at]; c {
		case '<':
			end := strings.IndexByte(html[at:], '>')
			if end < 0 {
				end = len(html) - at - 1
			}
			if at += end + 1; out.Len() > 0 && !strings.HasSuffix(out.String(), " ") {
				out.WriteByte(' ')
			}
			continue
		case '&':
			if s, size := entity(html[at:]); size > 0 {
				out.WriteString(s)
				at += size
				n++
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(html[at:])
		if r == '\n' || r == '\t' {
			r = ' '
		}
		at += size
		if r == ' ' && strings.HasSuffix(out.String(), " ") {
			continue
		}
		out.WriteRune(r)
		n++
	}
	return strings.TrimSpace(out.String())
}

// entity reads one of the entities that sanitize leaves.
func entity(s string) (text string, size int) {
	for _, e := range [...][2]string{{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}} {
		if strings.HasPrefix(s, e[0]) {
			return e[1], len(e[0])
		}
	}
	return "", 0
}

// rawOrNil is a JSON text of the store as a member.
func rawOrNil(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}
