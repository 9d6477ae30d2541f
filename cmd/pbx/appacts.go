package main

import (
	"context"
	"strconv"

	"github.com/tandem-switch/tandem/internal/audit"
	"github.com/tandem-switch/tandem/internal/pbxapi"
)

// actsOfApps writes what app objects do through PbxAdminApi to the audit log, as
// the administration does with its own acts.
func actsOfApps(trail *audit.Log) pbxapi.Audit {
	return func(ctx context.Context, act pbxapi.Act) error {
		_, err := trail.Append(ctx, entryOf(act))
		return err
	}
}

// entryOf names the members that were set, without their values.
func entryOf(act pbxapi.Act) audit.Entry {
	e := audit.Entry{
		Actor: audit.Actor{Kind: audit.App, ID: strconv.FormatInt(int64(act.By.ID), 10), Name: act.By.SIP}, From: act.From,
		Act: act.Name, Domain: audit.Domain{ID: act.Domain.ID, Name: act.Domain.Name},
		Outcome: audit.Done, Code: act.Code,
	}
	if act.Object.ID != 0 {
		e.Object = audit.Object{Kind: "object", ID: strconv.FormatInt(int64(act.Object.ID), 10), Name: act.Object.SIP}
	}
	switch {
	case act.Refused != nil && act.Code != "":
		e.Outcome = audit.Refused
	case act.Refused != nil:
		e.Outcome = audit.Failed
	}
	for _, member := range act.Members {
		e.Details = append(e.Details, audit.Detail{Name: member})
	}
	return e
}
