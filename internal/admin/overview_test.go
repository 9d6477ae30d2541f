package admin_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/admin"
	"github.com/tandem-switch/tandem/internal/clock"
	"github.com/tandem-switch/tandem/internal/metric"
)

func TestOverview(t *testing.T) {
	set := metric.New("1", "")
	set.Registered(3)
	set.Dropped("slow")
	disk, fault := admin.Disk{Free: 5, Total: 9}, error(nil)
	c := directly(newAPI(t, openDirectory(t, t.TempDir()), admin.Config{Running: &admin.Running{
		History: metric.NewHistory(set, clock.System()), Started: since, Store: "sqlite",
		Disk: func() (admin.Disk, error) { return disk, fault },
	}}))
	var got admin.Overview
	if err := c.Do(t.Context(), http.MethodGet, "/overview?span=6h", nil, &got); err != nil {
		t.Fatal(err)
	}
	if got.Now["registrations"] != 3 || got.Store != "sqlite" || !got.Started.Equal(since) || time.Since(got.At) > time.Minute ||
		*got.Disk != disk || len(got.Drops) != 1 || got.Drops[0] != (metric.Reason{Reason: "slow", Count: 1}) || len(got.Series) == 0 {
		t.Errorf("%+v", got)
	}
	fault, got = errors.New("no such folder"), admin.Overview{}
	if err := c.Do(t.Context(), http.MethodGet, "/overview", nil, &got); err != nil || got.Disk != nil {
		t.Errorf("%v %+v", err, got.Disk)
	}
	if err := c.Do(t.Context(), http.MethodGet, "/overview?span=1y", nil, nil); admin.CodeOf(err) == "" {
		t.Errorf("a span that does not exist: %v", err)
	}
}
