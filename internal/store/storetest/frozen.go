package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/tandem-switch/tandem/internal/directory"
)

// Frozen checks a store that was made by the first release: testdata/v1.sql of
// each engine has these rows. It proves that migrations lose nothing.
func Frozen(t *testing.T, store directory.Store) {
	t.Helper()
	b := &bench{t: t, store: store}
	ms := func(n int64) time.Time { return time.UnixMilli(1_700_000_000_000 + n) }
	zoe := directory.ObjectRow{
		Object: directory.Object{
			ID: 3, Domain: 1, Kind: directory.User, SIP: "Zoë", Num: "101", DN: "Zoë Z", CN: "Zoë Long",
			GUID: "00000000000000000000000000000003", OverrideCLI: true, Apps: []string{"users", "chat"},
		},
		Version: directory.Version{Rev: 9}, Secret: []byte{10, 0, 255},
		Devices: []directory.Device{{HW: "hw-2"}, {HW: "HW-1", Text: "Desk", App: "softphone", SingleReg: true}},
	}
	robot := directory.ObjectRow{
		Object: directory.Object{
			ID: 5, Domain: 1, Kind: directory.App, SIP: "robot", GUID: "00000000000000000000000000000005", Disabled: true,
			APIs: []string{"PbxSignal", "PbxApi"}, URL: "https://robot.example/",
		},
		Version: directory.Version{Rev: 6},
	}
	session := directory.SessionRow{
		Session: directory.Session{
			ID: "000000000000000000000000000000a1", Owner: zoe.Address(), UserAgent: "agent/1", Created: ms(2), Used: ms(3),
			Code: 1234, NeedsAuthorization: true, Token: "token", Wake: []string{"phone"},
		},
		Version: directory.Version{Rev: 12}, Secret: []byte{11, 0},
	}
	want := directory.Rows{Head: 12, Full: true, Batch: directory.Batch{
		Domains: []directory.DomainRow{{
			Domain:  directory.Domain{ID: 1, Name: "example.com", Hosts: []string{"a.example", "pbx.example.com"}, Default: true},
			Version: directory.Version{Rev: 1},
		}},
		Objects:  []directory.ObjectRow{zoe, robot},
		Sessions: []directory.SessionRow{session},
	}}
	if got := b.read(0); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if rows := b.read(6); rows.Full || len(rows.Objects) != 2 || !rows.Objects[1].Deleted.Equal(ms(1)) || len(rows.Sessions) != 2 {
		t.Errorf("since 6: %+v", rows)
	}
	if rows := b.read(2); !rows.Full {
		t.Error("the floor was lost")
	}
	if canary, err := store.Canary(t.Context(), []byte{9}); err != nil || !reflect.DeepEqual(canary, []byte{1, 2}) {
		t.Errorf("canary %v, %v", canary, err)
	}
	if id := b.id(); id != 20 {
		t.Errorf("the next id is %d", id)
	}
	zoe.DN, zoe.SecondFactor, zoe.Home = "new", true, "chat,phone"
	b.commit(one(zoe))
	zoe.Rev = 13
	if got := b.storedObject(3); !reflect.DeepEqual(got, zoe) {
		t.Errorf("written: %+v", got)
	}
}
