package doctor

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// owned tells whether a file belongs to this user; otherwise it is a finding.
func (p *Patient) owned(check, name string, info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() {
		return true
	}
	advice := fmt.Sprintf("Run the doctor, and the server, as the user with number %d; or chown -R the data directory.", stat.Uid)
	if os.Geteuid() == 0 {
		p.Add(check, Warn, advice, "%s belongs to the user with number %d; what root makes here that user cannot read", name, stat.Uid)
		return true
	}
	p.Add(check, Fail, advice, "%s belongs to the user with number %d, and this is number %d", name, stat.Uid, os.Geteuid())
	return false
}

// mine tells whether a file belongs to this user: what is opened to be written may
// leave files beside it.
func mine(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(stat.Uid) == os.Geteuid()
}

// How much room there should be on the disk.
const (
	leastSpace = 100 << 20
	goodSpace  = 1 << 30
)

// space looks at the disk.
func (p *Patient) space() {
	var stat unix.Statfs_t
	if err := unix.Statfs(p.Data, &stat); err != nil {
		return // folder has told why
	}
	free := stat.Bavail * uint64(stat.Bsize)
	level, advice := OK, ""
	switch {
	case free < leastSpace:
		level, advice = Fail, "Make room: with a full disk nothing can be stored."
	case free < goodSpace:
		level, advice = Warn, "Make room soon."
	}
	p.Add("disk", level, advice, "%d MiB are free where %s is", free>>20, p.Data)
}

// spareFiles are those that are no connections of clients.
const spareFiles = 256

// descriptors looks whether as many files can be open as connections are allowed.
func (p *Patient) descriptors() {
	whose, limit := "this shell", p.ownLimit()
	if n, ok := limitOf(p.PID); ok {
		whose, limit = "the server", n
	}
	room := limit - spareFiles
	if p.Connections >= 0 && room >= p.Connections {
		p.ok("open files", "%s may have %d open, enough for %d connections", whose, limit, p.Connections)
		return
	}
	p.Add("open files", Warn, "Raise the limit (LimitNOFILE= of systemd, ulimit -n), or lower --limit-connections to what you need.",
		"%s may have %d open: about %d connections, and %s are allowed", whose, limit, max(room, 0), allowed(p.Connections))
}

func allowed(connections int) string {
	if connections < 0 {
		return "any number"
	}
	return strconv.Itoa(connections)
}

// ownLimit is the limit of this process, which a server would raise to the hard
// one.
func (p *Patient) ownLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(limit.Max, 1<<31-1))
}

// limitOf is the limit of another process, where the system tells it.
func limitOf(pid int) (int, bool) {
	if pid == 0 {
		return 0, false
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "Max open files"); ok {
			if words := strings.Fields(rest); len(words) > 0 {
				n, err := strconv.Atoi(words[0]) // the soft one
				return n, err == nil
			}
		}
	}
	return 0, false
}
