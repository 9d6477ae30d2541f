package main

import (
	"errors"
	"reflect"
	"testing"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/directory"
	"github.com/tandem-switch/tandem/internal/pbxapi"
)

func TestEntryOf(t *testing.T) {
	by, alice := directory.Object{ID: 7, SIP: "manager"}, directory.Object{ID: 9, SIP: "alice"}
	dom := directory.Domain{ID: 1, Name: "example.com"}
	act := pbxapi.Act{By: by, From: "192.0.2.1", Name: "object.set", Domain: dom, Object: alice, Members: []string{"dn", "pwd"}}
	want := audit.Entry{
		Actor: audit.Actor{Kind: audit.App, ID: "7", Name: "manager"}, From: "192.0.2.1", Act: "object.set",
		Domain: audit.Domain{ID: 1, Name: "example.com"}, Object: audit.Object{Kind: "object", ID: "9", Name: "alice"},
		Outcome: audit.Done, Details: []audit.Detail{{Name: "dn"}, {Name: "pwd"}},
	}
	if got := entryOf(act); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	act.Object, act.Refused, act.Code = directory.Object{}, errors.New("taken"), "name_taken"
	want.Object, want.Outcome, want.Code = audit.Object{}, audit.Refused, "name_taken"
	if got := entryOf(act); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	act.Code, want.Outcome, want.Code = "", audit.Failed, ""
	if got := entryOf(act); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
