package facilities

import (
	"github.com/tandem-switch/tandem/internal/strictjson"
	"github.com/tandem-switch/tandem/signal"
)

// part collects a text in parts (decision 39, A12). It is judged as a whole when
// the last part is here: no element can be hidden across the border of two. The
// mime is that of the first part, or of the last if the first has none; id,
// attach and subject are those of the last.
func (t *Table) part(v *signal.View, x *text, f strictjson.Value, out *signal.Verdict) {
	c := v.Parts
	if c.Pending() && v.Now.Sub(c.Since) > signal.MaxPartsTime && !c.Spoil(v.Now) && !x.more {
		t.whole(v, x, f, out)
		return
	}
	if id := idOf(out); c.Spoilt && c.ID != "" && id != "" && id != c.ID {
		c.Reset() // another text begins
		if !x.more {
			t.whole(v, x, f, out)
			return
		}
	}
	if !c.Pending() {
		c.Since, c.Mime, c.JSON = v.Now, x.mime.String(), len(`""`)
	}
	if id := idOf(out); id != "" {
		c.ID = id
	}
	if c.Spoilt {
		t.spoilt(v, x, out)
		return
	}
	c.JSON += len(strictjson.AppendString(nil, x.data.String())) - len(`""`)
	if c.JSON > signal.MaxTextJSON || otherType(c, x) || !c.Append(x.data.String()) {
		c.Drop()
		t.spoilt(v, x, out)
		return
	}
	if x.more {
		out.Action = signal.Collected
		return
	}
	t.joined(v, x, f, out)
}

func idOf(out *signal.Verdict) string {
	if out.Text.IDPlain != "" {
		return out.Text.IDPlain
	}
	return string(out.Text.ID)
}

// spoilt refuses a text that is too long or of a type that is never split. A
// client with receipts is told with the last part, which names the text; others
// at once: they lose the leg.
func (t *Table) spoilt(v *signal.View, x *text, out *signal.Verdict) {
	if x.more && v.Ext {
		out.Action = signal.Collected
		return
	}
	v.Parts.Reset()
	refuse(out, signal.CauseProtocolError, reasonTooLong)
}

// otherType tells whether the text is of a type that is never split.
func otherType(c *signal.Collector, x *text) bool {
	mime := c.Mime
	if mime == "" {
		mime = x.mime.String()
	}
	var doc strictjson.Doc
	if doc.Parse(strictjson.AppendString(nil, mime)) != nil {
		return true
	}
	m := mimeOf(doc.Root())
	return m != "text/html" && m != "text/plain"
}

// joined judges the whole text: as if it had come in one piece.
func (t *Table) joined(v *signal.View, x *text, f strictjson.Value, out *signal.Verdict) {
	c := v.Parts
	whole := strictjson.AppendString([]byte(`{"mime":`), or(c.Mime, x.mime.String()))
	whole = strictjson.AppendStringBytes(append(whole, `,"data":`...), c.Data())
	c.Reset()
	var doc strictjson.Doc
	if doc.Parse(append(whole, '}')) != nil {
		refuse(out, signal.CauseBadContent, reasonBad)
		return
	}
	x.mime, x.data = doc.Root().Get("mime"), doc.Root().Get("data")
	t.whole(v, x, f, out)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
