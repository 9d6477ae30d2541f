package filebuffer

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxName      = 255 // bytes (decision 62)
	maxExtension = 16  // bytes that a cut leaves behind the last dot
	noName       = "file"
)

// CleanName makes a name for display of whatever a client calls its file: no
// path, no control characters and nothing that turns the direction of writing,
// no tags, at most 255 bytes of UTF-8. It is never empty and never used as a
// name in a file system. Cleaning twice changes nothing.
func CleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = strings.Map(printable, name)
	name = withoutTags(name)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = cut(strings.TrimSpace(name))
	if strings.Trim(name, ".") == "" {
		return noName
	}
	return name
}

// printable drops (-1) what is not seen or makes a name look like another one.
func printable(r rune) rune {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r),
		unicode.Is(unicode.Co, r), r == utf8.RuneError:
		return -1
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// withoutTags drops everything from < to the next >, and a < that is left alone.
func withoutTags(name string) string {
	var kept strings.Builder
	for {
		before, rest, found := strings.Cut(name, "<")
		kept.WriteString(before)
		if !found {
			return kept.String()
		}
		if _, after, closed := strings.Cut(rest, ">"); closed {
			name = after
		} else {
			name = rest
		}
	}
}

// cut shortens a name in front of its extension.
func cut(name string) string {
	if len(name) <= maxName {
		return name
	}
	extension := ""
	if at := strings.LastIndexByte(name, '.'); at > 0 && len(name)-at <= maxExtension {
		extension = name[at:]
	}
	end := maxName - len(extension)
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return strings.TrimRight(name[:end], " ") + extension
}

// disposition is the header that says how to show a file. The name is
// percent-encoded, so nothing of it can end the header.
func disposition(inline bool, name string) string {
	how := "attachment"
	if inline {
		how = "inline"
	}
	return how + "; filename*=UTF-8''" + escapeName(name)
}

// escapeName encodes all but letters, digits and -._~ (RFC 8187, RFC 3986).
func escapeName(name string) string {
	return strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}
