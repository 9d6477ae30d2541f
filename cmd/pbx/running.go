package main

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/metric"
)

// running is what administrators are shown of how the switch does.
func (s storage) running(history *metric.History) *admin.Running {
	store := "sqlite"
	if s.Postgres != "" {
		store = "postgres"
	}
	return &admin.Running{History: history, Started: time.Now(), Store: store, Disk: func() (admin.Disk, error) { return diskOf(s.Data) }}
}

// diskOf looks how full the place of a folder is.
func diskOf(folder string) (admin.Disk, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return admin.Disk{}, err
	}
	block := uint64(stat.Bsize)
	return admin.Disk{Free: stat.Bavail * block, Total: stat.Blocks * block}, nil
}
