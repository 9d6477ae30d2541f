package pbxmessages

import (
	"net/url"
	"strings"

	"github.com/tandem-switch/tandem/internal/licence"
	"github.com/tandem-switch/tandem/signal"
)

var _ signal.Archive = (*Messages)(nil)

// Generation implements signal.Archive.
func (m *Messages) Generation() uint64 { return m.generation.Load() }

// Stores implements signal.Archive.
func (m *Messages) Stores(a signal.Address) bool {
	_, ok := m.dir.MessagesOf(a)
	return ok && m.lics.Licensed(a, licence.Chat)
}

// Attaches implements signal.Archive.
func (m *Messages) Attaches(sender signal.Address, link string) bool {
	s := m.storeOf(sender)
	return s != nil && m.lics.Licensed(sender, licence.ChatAttach) && below(s.fileBase(), link)
}

// fileBase is where the file links of the service begin: as it says, or, of one that
// does not, next to its websocket (decision 43).
func (s *service) fileBase() string {
	s.mu.Lock()
	base := s.files
	s.mu.Unlock()
	if base != "" {
		return base
	}
	o, _ := s.m.dir.Object(s.address)
	return o.URL[:strings.LastIndexByte(o.URL, '/')+1]
}

// below tells whether a link leads below the base: to the same host, by http or https,
// into the folder, and by no detour.
func below(base, link string) bool {
	b, err := url.Parse(base)
	if err != nil || b.Host == "" {
		return false
	}
	l, err := url.Parse(link)
	if err != nil || l.User != nil || (l.Scheme != "http" && l.Scheme != "https") || !strings.EqualFold(l.Host, b.Host) {
		return false
	}
	folder, path := strings.TrimSuffix(b.EscapedPath(), "/")+"/", l.EscapedPath()
	return len(path) > len(folder) && strings.HasPrefix(path, folder) && !strings.Contains(path, "//") && !detour(path)
}

// detour tells whether a path has a part that leads up, however it is written.
func detour(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(part)
		if err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\") {
			return true
		}
	}
	return false
}
