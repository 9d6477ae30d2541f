package search

import (
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// docOf is a message as it is indexed, with the names of its files. What people
// do not read is passed over (ok is false): commands, and bodies that are neither
// HTML nor plain text.
func docOf(m *messages.Message) (d Doc, ok bool) {
	if m == nil || m.Deleted || m.Kind != messages.Normal {
		return Doc{}, false
	}
	var text strings.Builder
	switch m.Mime {
	case "", "text/html":
		text.WriteString(Text(m.Text))
	case "text/plain":
		if m.Data != "" {
			text.WriteString(m.Data)
		} else {
			text.WriteString(Text(m.Text))
		}
	default:
		return Doc{}, false
	}
	if m.Post != nil && m.Post.Title != "" {
		text.WriteString("\n" + m.Post.Title)
	}
	for _, f := range m.Files {
		if f.Owner == 0 { // each file has a second reference, of its author
			text.WriteString("\n" + f.Name)
		}
	}
	return Doc{Number: int64(m.ID), Conv: int64(m.Conv), Text: strings.TrimSpace(text.String())}, true
}
