package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// timeLayout is how records show times: UTC, always of the same length.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// AppendText appends the record as one line for people, with its newline:
//
//	time number flags direction connection user@domain call registration/number frame
//
// What is not known is "-"; content is as for Frame. Control characters are escaped, so that a frame
// cannot begin a line.
func (r *Record) AppendText(b []byte, content bool) []byte {
	b = r.Time.UTC().AppendFormat(b, timeLayout)
	b = strconv.AppendUint(append(b, ' '), r.Seq, 10)
	b = appendWord(b, r.Flag.short())
	b = appendWord(b, r.Dir.String())
	b = appendWord(b, r.Conn)
	b = appendWord(b, r.Peer.name())
	b = appendWord(b, r.Call.String())
	b = appendWord(b, r.Leg.name())
	if r.Reason != "" {
		b = appendWord(append(b, " dropped:"...), r.Reason)
	}
	if text := r.Frame(content); text != "" {
		b = appendClean(append(b, ' '), text)
	}
	return append(b, '\n')
}

// short are the names of the flags without blanks, so that fields can be counted.
func (f Flag) short() string {
	var b []byte
	for i, name := range f.Names() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, bytes.ReplaceAll([]byte(name), []byte(" "), nil)...)
	}
	return string(b)
}

func (p *Peer) name() string {
	if p.ObjectName == "" {
		return ""
	}
	return p.ObjectName + "@" + p.DomainName
}

func (l *Leg) name() string {
	if l.Reg == "" && l.Number == 0 {
		return ""
	}
	return l.Reg + "/" + strconv.Itoa(int(l.Number))
}

// appendWord appends a blank and a field, "-" if it is empty.
func appendWord(b []byte, word string) []byte {
	if word == "" {
		return append(b, " -"...)
	}
	b = append(b, ' ')
	for _, r := range word {
		if r == ' ' {
			r = '_'
		}
		b = appendRune(b, r)
	}
	return b
}

// appendClean appends a text as part of a line.
func appendClean(b []byte, s string) []byte {
	for _, r := range s {
		b = appendRune(b, r)
	}
	return b
}

// appendRune escapes what a terminal or a reader of lines would obey.
func appendRune(b []byte, r rune) []byte {
	if r == ' ' || unicode.IsGraphic(r) && r != '\u2028' && r != '\u2029' {
		return utf8.AppendRune(b, r)
	}
	quoted := strconv.QuoteRuneToASCII(r)
	return append(b, quoted[1:len(quoted)-1]...)
}

// line is a record as JSON.
type line struct {
	Time     string   `json:"time"`
	Seq      uint64   `json:"seq"`
	Flags    []string `json:"flags"`
	Dir      string   `json:"dir"`
	Conn     string   `json:"conn"`
	DomainID int64    `json:"domainId,omitempty"`
	Domain   string   `json:"domain,omitempty"`
	ObjectID int64    `json:"objectId,omitempty"`
	Object   string   `json:"object,omitempty"`
	Domains  []int64  `json:"domains,omitempty"`
	Call     string   `json:"call,omitempty"`
	Reg      string   `json:"reg,omitempty"`
	Number   int32    `json:"number,omitempty"`
	Dropped  string   `json:"dropped,omitempty"`
	Frame    string   `json:"frame,omitempty"`
}

// AppendJSON appends the record as one line of JSON, with its newline. The frame
// is a string, for it need not be JSON; what is not known is left out. content is
// as for Frame.
func (r *Record) AppendJSON(b []byte, content bool) []byte {
	out := bytes.NewBuffer(b)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	err := e.Encode(line{
		Time: r.Time.UTC().Format(timeLayout), Seq: r.Seq, Flags: r.Flag.Names(), Dir: r.Dir.String(), Conn: r.Conn,
		DomainID: r.Domain, Domain: r.DomainName, ObjectID: r.Object, Object: r.ObjectName,
		Domains: r.Domains, Call: r.Call.String(), Reg: r.Reg, Number: r.Number,
		Dropped: r.Reason, Frame: r.Frame(content),
	})
	if err != nil { // strings and numbers can always be written
		return b
	}
	return escapeInvisible(out.Bytes())
}

// escapeInvisible escapes in JSON what a terminal would obey; all of it stands in
// strings.
func escapeInvisible(line []byte) []byte {
	hidden := func(r rune) bool { return r >= utf8.RuneSelf && !unicode.IsGraphic(r) }
	if bytes.IndexFunc(line, hidden) < 0 {
		return line
	}
	var b []byte
	for _, r := range string(line) {
		if !hidden(r) {
			b = utf8.AppendRune(b, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}

// AppendLost appends the line that stands for n lost records, in text or JSON.
func AppendLost(b []byte, n uint64, asJSON bool) []byte {
	now := time.Now().UTC()
	if asJSON {
		b = now.AppendFormat(append(b, `{"time":"`...), timeLayout)
		b = strconv.AppendUint(append(b, `","lost":`...), n, 10)
		return append(b, "}\n"...)
	}
	b = strconv.AppendUint(append(now.AppendFormat(b, timeLayout), " lost "...), n, 10)
	return append(b, " records: the reader was too slow\n"...)
}
