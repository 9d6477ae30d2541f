package facilities

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"

	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/sanitize"
	"github.com/tandem-switch/tandem/signal"
)

// Limits of a text (A3, A9).
const (
	maxID        = 64
	maxSubject   = 256
	maxMime      = 127
	maxAttach    = 8 << 10
	maxAttached  = 16
	maxOtherJSON = 12 << 10
	maxExtra     = 4 << 10
)

// chatSetup marks a setup as that of a chat. inbox is a word of the switch alone.
func (t *Table) chatSetup(v *signal.View, f strictjson.Value, out *signal.Verdict) {
	if v.Media {
		drop(out, reasonPosition)
		return
	}
	relayWithout(f, out, inboxOnly)
	out.Feature = signal.ChatSetup
}

var inboxOnly = strictjson.NewNames("inbox")

// relayWithout relays a facility without some of its members.
func relayWithout(f strictjson.Value, out *signal.Verdict, without *strictjson.Names) {
	out.Buf = append(out.Buf, `{"type":`...)
	out.Buf = append(out.Buf, f.Get("type").Raw()...)
	out.Buf = appendExtra(out.Buf, f, out, func(name string) bool { return name == "type" || without.Has(name) })
	out.Buf = append(out.Buf, '}')
	out.Action, out.Encoded = signal.Relay, out.Buf
}

// appendExtra writes the members that are not skipped, each with a comma in
// front. Names that differ from a known one, or from an elder sibling, only in
// case are removed and counted.
func appendExtra(dst []byte, f strictjson.Value, out *signal.Verdict, skip func(name string) bool) []byte {
	var seen map[string]bool
	for m := range f.Members() {
		name := m.Name()
		if skip(name) {
			continue
		}
		folded := strictjson.Fold(name)
		if owned.Variant(name) || seen[folded] {
			out.Removed++
			continue
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[folded] = true
		dst = append(strictjson.AppendString(append(dst, ','), name), ':')
		var n int
		dst, n = strictjson.AppendClean(dst, m.Value(), owned)
		out.Removed += n
	}
	return dst
}

// text is an im_message while it is read.
type text struct {
	data, mime, attach, subject, alt, id strictjson.Value
	typing                               strictjson.Value
	more                                 bool
	extra                                bool // there are members beside the known ones
	other                                bool // neither text/html nor text/plain
}

// read takes the members apart; false if one has a wrong type.
func (x *text) read(f strictjson.Value) bool {
	good := true
	for m := range f.Members() {
		name, plain := m.NameBytes()
		if !plain {
			name = []byte(m.Name())
		}
		to := (*strictjson.Value)(nil)
		switch string(name) {
		case "data":
			to = &x.data
		case "mime":
			to = &x.mime
		case "attach":
			to = &x.attach
		case "subject":
			to = &x.subject
		case "alt":
			to = &x.alt
		case "id":
			to = &x.id
		case "typing":
			_, isBool := m.Value().Bool()
			good = good && isBool
			x.typing = m.Value()
		case "more":
			more, isBool := m.Value().Bool()
			good = good && isBool
			x.more = more
		case "type", "sender", "sender_dn", "participants", "time", "mid", "timestamp", "chat":
			// of the switch, or read by it
		default:
			x.extra = true
		}
		if to == nil || m.Value().Kind() == strictjson.Null {
			continue
		}
		good = good && m.Value().Kind() == strictjson.String
		*to = m.Value()
	}
	return good
}

// isText names the members of im_message: everything else is extra.
func isText(name string) bool {
	switch name {
	case "type", "sender", "sender_dn", "subject", "participants", "data", "attach", "time", "typing", "mime", "more",
		"id", "mid", "timestamp", "chat", "alt":
		return true
	}
	return false
}

// message screens a text: identity and time are the switch's, the text is plain
// HTML, names are text (decisions 39 to 43; A3, A9).
func (t *Table) message(v *signal.View, f strictjson.Value, out *signal.Verdict) {
	if !v.Chat {
		drop(out, reasonPosition)
		return
	}
	var x text
	good := x.read(f)
	t.readID(v, &x, out)
	if !good {
		refuse(out, signal.CauseBadContent, reasonBad)
		return
	}
	if x.typing.Exists() && emptyString(x.data) && emptyString(x.attach) {
		indication(&x, out)
		return
	}
	if x.more || v.Parts.Pending() {
		t.part(v, &x, f, out)
		return
	}
	t.whole(v, &x, f, out)
}

func emptyString(v strictjson.Value) bool {
	content, _ := v.Bytes()
	return len(content) == 0
}

func indication(x *text, out *signal.Verdict) {
	out.Action, out.Text.Typing = signal.TakeText, signal.TypingOff
	if on, _ := x.typing.Bool(); on {
		out.Text.Typing = signal.TypingOn
	}
}

// readID takes the id of a sender with IM_EXT; others have none.
func (t *Table) readID(v *signal.View, x *text, out *signal.Verdict) {
	content, plain := x.id.Bytes()
	switch {
	case !v.Ext || len(content) == 0:
	case plain && len(content) <= maxID:
		out.Text.ID = content
	case !plain:
		if id := x.id.String(); len(id) <= maxID && sanitize.IsPlain([]byte(id)) {
			out.Text.IDPlain = id
		}
	}
}

// whole judges a text that came in one piece.
func (t *Table) whole(v *signal.View, x *text, f strictjson.Value, out *signal.Verdict) {
	if !t.attachment(v, x, out) {
		return
	}
	if !t.body(v, x, out) {
		return
	}
	t.rest(x, f, out)
}

// body judges mime and data: one of the three forms of A9.
func (t *Table) body(v *signal.View, x *text, out *signal.Verdict) bool {
	switch mime := mimeOf(x.mime); mime {
	case "text/html":
		return t.html(x, out)
	case "text/plain":
		return t.plain(x, out)
	default:
		return t.other(v, x, out)
	}
}

// mimeOf is the type in lower case without parameters; text/html if there is
// none.
func mimeOf(v strictjson.Value) string {
	content, plain := v.Bytes()
	if len(content) == 0 || plain && string(content) == "text/html" {
		return "text/html"
	}
	s, _, _ := strings.Cut(v.String(), ";")
	if s = strings.ToLower(strings.TrimSpace(s)); s == "" {
		return "text/html"
	}
	return s
}

// html passes text without markup as it stands, without a copy; everything else
// is sanitised.
func (t *Table) html(x *text, out *signal.Verdict) bool {
	content, plain := x.data.Bytes()
	if len(content) > 0 && (x.data.ASCII() && !hasMarkup(content) || plain && sanitize.IsPlain(content)) {
		out.Text.HTML = x.data.Raw()
	} else {
		out.Text.HTML = appendTo(out, sanitize.HTML(x.data.String()))
	}
	return t.size(out, out.Text.HTML)
}

// hasMarkup tells whether ASCII text has anything that sanitize.IsPlain would not
// take for text: three quick looks instead of a scan.
func hasMarkup(b []byte) bool {
	const del = 0x7F
	return bytes.IndexByte(b, '<') >= 0 || bytes.IndexByte(b, '&') >= 0 || bytes.IndexByte(b, del) >= 0
}

// plain passes text/plain unchanged to IM_EXT and as HTML to all others.
func (t *Table) plain(x *text, out *signal.Verdict) bool {
	content, plain := x.data.Bytes()
	out.Text.Mime = plainMime
	if plain && sanitize.IsPlain(content) && !strings.Contains(string(content), ">") {
		out.Text.Data = x.data.Raw()
		out.Text.HTML = out.Text.Data
	} else {
		s := x.data.String()
		out.Text.Data = appendTo(out, s)
		out.Text.HTML = appendTo(out, sanitize.EscapeText(s))
	}
	return t.size(out, out.Text.HTML)
}

var plainMime = []byte(`"text/plain"`)

// other passes any other type to IM_EXT only; all others get the alternative.
func (t *Table) other(v *signal.View, x *text, out *signal.Verdict) bool {
	mime := x.mime.String()
	if len(mime) > maxMime || !sanitize.IsPlain([]byte(mime)) {
		refuse(out, signal.CauseBadContent, reasonBad)
		return false
	}
	x.other = true
	if v.Ext && !emptyString(x.alt) {
		out.Text.HTML = appendTo(out, sanitize.HTML(x.alt.String()))
		out.Text.Alt = out.Text.HTML
	}
	if len(out.Text.HTML) <= len(`""`) {
		out.Text.HTML, out.Text.Alt = nil, nil
	}
	out.Text.Mime = appendTo(out, mime)
	out.Text.Data = appendTo(out, x.data.String())
	return t.size(out, out.Text.Data) && (out.Text.HTML == nil || t.size(out, out.Text.HTML))
}

// appendTo writes s as a JSON string into the verdict's buffer. What was written
// before stays valid even if the buffer moves.
func appendTo(out *signal.Verdict, s string) []byte {
	from := len(out.Buf)
	out.Buf = strictjson.AppendString(out.Buf, s)
	return out.Buf[from:len(out.Buf):len(out.Buf)]
}

// size refuses texts that are empty or too long (A9, A12).
func (t *Table) size(out *signal.Verdict, token []byte) bool {
	switch {
	case len(token) > signal.MaxTextJSON:
		refuse(out, signal.CauseProtocolError, reasonTooLong)
		return false
	case len(token) <= len(`""`) && out.Text.Attach == nil:
		// an empty text is dropped; only a client with receipts is told
		refuse(out, signal.CauseProtocolError, reasonEmpty)
		out.Quiet = true
		return false
	}
	return true
}

// rest adds subject and unknown members and accepts the text.
func (t *Table) rest(x *text, f strictjson.Value, out *signal.Verdict) {
	if !emptyString(x.subject) {
		if s := sanitize.Text(x.subject.String(), maxSubject); s != "" {
			out.Text.Subject = appendTo(out, s)
		}
	}
	if x.extra {
		from := len(out.Buf)
		out.Buf = appendExtra(out.Buf, f, out, isText)
		out.Text.Extra = out.Buf[from:len(out.Buf):len(out.Buf)]
		if len(out.Text.Extra) > maxExtra {
			refuse(out, signal.CauseProtocolError, reasonTooLong)
			return
		}
	}
	if x.other && len(out.Text.Data)+len(out.Text.Attach)+len(out.Text.Subject)+len(out.Text.Extra) > maxOtherJSON { // never split
		refuse(out, signal.CauseProtocolError, reasonTooLong)
		return
	}
	out.Action = signal.TakeText
}

// attachment judges attach: entries that the archive calls its own pass. A foreign
// one has the message refused, and so have all where files are not licensed; from a
// published client it is taken out (decision 43, A9).
func (t *Table) attachment(v *signal.View, x *text, out *signal.Verdict) bool {
	if emptyString(x.attach) {
		return true
	}
	s := x.attach.String()
	if ownAttachments(v, s) {
		out.Text.Attach = appendTo(out, s)
		return true
	}
	if v.Ext {
		refuse(out, signal.CauseNotSubscribed, reasonAttach)
		return false
	}
	out.Foreign = true
	return true
}

// ownAttachments tells whether all entries pass, and are not too many.
func ownAttachments(v *signal.View, s string) bool {
	entries := strings.Fields(s)
	if v.Archive == nil || len(s) > maxAttach || len(entries) > maxAttached {
		return false
	}
	for _, e := range entries {
		u, err := url.PathUnescape(e)
		if err != nil || strings.ContainsFunc(e, unencoded) || strings.Contains(u, "..") || !v.Archive.Attaches(v.From.Address, u) {
			return false
		}
	}
	return true
}

// unencoded tells whether a character cannot stand in an encoded URL.
func unencoded(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("<>\"`\\", r) }

// receipt screens what a client says about a text that it has seen. States of the
// switch are not for clients (A3).
func (t *Table) receipt(v *signal.View, f strictjson.Value, out *signal.Verdict) {
	id, mid, ok := named(f)
	switch state := f.Get("state"); {
	case !v.Chat || !v.Ext || !ok:
		drop(out, reasonReceipt)
		return
	case state.Is("delivered"):
		out.Receipt.State = signal.StateDelivered
	case state.Is("read"):
		out.Receipt.State = signal.StateRead
	default:
		drop(out, reasonReceipt)
		return
	}
	out.Action, out.Receipt.ID, out.Receipt.MID = signal.TakeReceipt, id, mid
}

// named reads which text a receipt is about: its number, which the switch prefers, or
// its id.
func named(f strictjson.Value) (id string, mid int64, ok bool) {
	if m := f.Get("mid"); m.Exists() {
		mid, ok = number(m)
		return "", mid, ok
	}
	id, isText := f.Get("id").Text()
	return id, 0, isText && id != "" && len(id) <= maxID
}

// number reads the number of a message, also as a string (decision 9).
func number(v strictjson.Value) (int64, bool) {
	const limit = 1 << 53
	n, ok := v.Int64()
	if s, isText := v.Text(); isText {
		parsed, err := strconv.ParseInt(s, 10, 64)
		n, ok = parsed, err == nil
	}
	return n, ok && n > 0 && n < limit
}
