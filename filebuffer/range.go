package filebuffer

import (
	"strconv"
	"strings"
)

// span is a part of a file.
type span struct{ start, length int64 }

// wanted is what a Range header asks for.
type wanted int

const (
	wantAll  wanted = iota // no range, one that we do not serve, or nonsense
	wantPart               // one that lies in the file
	wantNone               // one that does not: 416
)

// parseRange reads a Range header (RFC 9110, 14.1.2) with one range of bytes.
// Several ranges, other units and what is not understood count as no range.
func parseRange(header string, size int64) (span, wanted) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || len(header) > 64 {
		return span{0, size}, wantAll
	}
	first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return span{0, size}, wantAll
	}
	from, okFirst := position(first)
	to, okLast := position(last)
	switch {
	case okFirst && okLast && from > to:
		return span{0, size}, wantAll
	case okFirst && (okLast || last == ""):
		if from >= size {
			return span{}, wantNone
		}
		if last == "" || to >= size {
			to = size - 1
		}
		return span{from, to - from + 1}, wantPart
	case first == "" && okLast: // so many of the last bytes
		if to == 0 || size == 0 {
			return span{}, wantNone
		}
		length := min(to, size)
		return span{size - length, length}, wantPart
	}
	return span{0, size}, wantAll
}

// position reads digits; more than a file can have are as good as very many.
func position(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1, true
	}
	return n, true
}

// contentRange is the header of an answer with a part.
func (p span) contentRange(size int64) string {
	return "bytes " + strconv.FormatInt(p.start, 10) + "-" + strconv.FormatInt(p.start+p.length-1, 10) + "/" + strconv.FormatInt(size, 10)
}
