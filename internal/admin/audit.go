package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tandem-switch/tandem/internal/account"
	"github.com/tandem-switch/tandem/internal/audit"
)

// AuditEntry is a row of the audit log.
type AuditEntry struct {
	Number   int64         `json:"number" doc:"From 1, without a gap."`
	Time     time.Time     `json:"time" doc:"When it was written."`
	Actor    AuditActor    `json:"actor" doc:"Who did it."`
	From     string        `json:"from" doc:"Address of the actor, empty at the control socket."`
	Act      string        `json:"act" doc:"What was done, like object.set."`
	Domain   AuditDomain   `json:"domain" doc:"The domain that it was about; id 0: none."`
	Object   AuditObject   `json:"object" doc:"What it was done to."`
	Outcome  string        `json:"outcome" enum:"begun,done,refused,failed" doc:"How it ended; begun: another row tells."`
	Code     string        `json:"code" doc:"Why it was not done."`
	Reason   string        `json:"reason" doc:"Why it was done, in the words of the actor."`
	Details  []AuditDetail `json:"details" nullable:"false" doc:"What was changed."`
	Previous string        `json:"previous" doc:"Hash of the row before."`
	Hash     string        `json:"hash" doc:"SHA-256 over all the rest, as docs/audit.md describes."`
}

// AuditActor is who did something.
type AuditActor struct {
	Kind string `json:"kind" enum:"operator,account,token,user,system,nobody" doc:"How the actor was recognised."`
	ID   string `json:"id" doc:"Id among those of the kind."`
	Name string `json:"name" doc:"Name at that time; of nobody, the one that was claimed."`
	Role string `json:"role" doc:"Role that allowed it."`
}

// AuditDomain is the domain that a row is about.
type AuditDomain struct {
	ID   int64  `json:"id" doc:"Number of the domain."`
	Name string `json:"name" doc:"Name at that time."`
}

// AuditObject is what something was done to.
type AuditObject struct {
	Kind string `json:"kind" doc:"What it is: object, domain, account, ..."`
	ID   string `json:"id" doc:"Id among those of the kind."`
	Name string `json:"name" doc:"Name at that time."`
}

// AuditDetail is a member that was changed, or a circumstance.
type AuditDetail struct {
	Name string `json:"name" doc:"Name of the member."`
	Old  string `json:"old" doc:"What it was. Secrets are never shown."`
	New  string `json:"new" doc:"What it is."`
}

// AuditHead is how far the audit log is.
type AuditHead struct {
	Number int64  `json:"number" doc:"Number of the newest row, 0 if there is none."`
	Hash   string `json:"hash" doc:"Its hash."`
	Head   string `json:"head" doc:"Both as a text that can be kept and compared later, empty if there is no row."`
	Signed string `json:"signed" doc:"The head that was signed last, with its signature; empty if none was."`
	Key    string `json:"key" doc:"The public key of signatures."`
}

// AuditReport is what looking through the audit log has found.
type AuditReport struct {
	Rows   int64       `json:"rows" doc:"How many rows are as they were written."`
	Head   string      `json:"head" doc:"The newest of them."`
	Signed int64       `json:"signed" doc:"Number of the newest row whose signed head fits, 0 without one."`
	Gaps   int64       `json:"gaps" doc:"Places at which an export leaves rows out."`
	Fault  *AuditFault `json:"fault,omitempty" doc:"The first thing that is wrong; absent: nothing is."`
}

// AuditFault is what is wrong with the audit log.
type AuditFault struct {
	Kind  string `json:"kind" enum:"changed,missing,cut,foreign,head,signature" doc:"What is wrong, for programs."`
	First int64  `json:"first" doc:"First row in doubt."`
	Last  int64  `json:"last" doc:"Last row in doubt."`
	Text  string `json:"detail" doc:"What is wrong, in a sentence."`
}

func (a *API) registerAudit() {
	if a.Audit == nil {
		return
	}
	register(a, operation{
		ID: "audit-list", Method: http.MethodGet, Path: "/audit", Tag: "Audit log", Summary: "Who did what",
		Text:  "Those of the domains that you may see, newest first. Whoever may read the whole installation sees the rows of no domain too.",
		Reach: somewhere, Right: account.Read,
	}, a.listAudit)
	register(a, operation{
		ID: "audit-head", Method: http.MethodGet, Path: "/audit/head", Tag: "Audit log", Summary: "How far the audit log is",
		Reach: installation, Right: account.Read,
	}, a.auditHead)
	register(a, operation{
		ID: "audit-verify", Method: http.MethodGet, Path: "/audit/verify", Tag: "Audit log", Summary: "Look whether the audit log was changed",
		Text:  "It looks through every row, which takes a few seconds per 100,000 of them. One such request is answered at a time.",
		Reach: installation, Right: account.Read, Stream: true,
	}, a.verifyAudit)
	register(a, operation{
		ID: "audit-export", Method: http.MethodGet, Path: "/audit/export", Tag: "Audit log", Summary: "The audit log as JSON lines",
		Text:  "Oldest first. If it breaks off, the last line is a problem.",
		Reach: somewhere, Right: account.Read, Act: "audit.export", Stream: true,
	}, a.exportAudit)
}

// AuditFilter selects rows of the audit log. It is exported so that huma finds it
// in the requests that it is embedded in.
type AuditFilter struct {
	Domain     string    `query:"domain" doc:"Only of the domain with this name."`
	Actor      string    `query:"actor" maxLength:"256" doc:"Only of the actor with this name."`
	ActorKind  string    `query:"actor_kind" enum:"operator,account,token,user,system,nobody" doc:"Only of actors of this kind."`
	Act        string    `query:"act" maxLength:"64" doc:"Only this act, or those that begin with it and a dot: object, object.set."`
	Object     string    `query:"object" maxLength:"256" doc:"Only what was done to the object with this id: its history, whatever it was called."`
	ObjectName string    `query:"object_name" maxLength:"256" doc:"Only what was done to an object that was called so."`
	ObjectKind string    `query:"object_kind" maxLength:"64" doc:"Only what was done to objects of this kind: object, domain, account."`
	Outcome    string    `query:"outcome" enum:"begun,done,refused,failed" doc:"Only what ended so."`
	Since      time.Time `query:"since" doc:"Not before this time."`
	Until      time.Time `query:"until" doc:"Before this time."`
}

// query is what the filter asks for, of what the one who asks may read.
func (a *API) query(ctx context.Context, f *AuditFilter) (audit.Query, error) {
	q := audit.Query{
		Reader: a.auditReader(calling(ctx).identity), Actor: f.Actor, ActorKind: audit.Kind(f.ActorKind), Act: f.Act,
		Object:  audit.Object{Kind: f.ObjectKind, ID: f.Object, Name: f.ObjectName},
		Outcome: audit.Outcome(f.Outcome), Since: f.Since, Until: f.Until,
	}
	if f.Domain == "" {
		return q, nil
	}
	dom, found := a.Directory.DomainByName(f.Domain)
	if !found || !a.may(ctx, dom) {
		return q, wrong(NotFound, "domain", "There is no domain "+quoted(f.Domain)+".")
	}
	q.Domain = dom.ID
	return q, nil
}

type listAuditInput struct {
	AuditFilter
	Order  string `query:"order" enum:"newest,oldest" default:"newest" doc:"What comes first."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most rows in one answer."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"Where to go on: next of the answer before, with the same order."`
}

type listAuditAnswer struct {
	Body Page[AuditEntry]
}

func (a *API) listAudit(ctx context.Context, in *listAuditInput) (*listAuditAnswer, error) {
	q, err := a.query(ctx, &in.AuditFilter)
	if err != nil {
		return nil, err
	}
	q.Ascending, q.Limit = in.Order == "oldest", in.Limit
	if q.After, err = readAuditCursor(in.Cursor); err != nil {
		return nil, err
	}
	page, err := a.Audit.List(ctx, q)
	if err != nil {
		return nil, err
	}
	answer := &listAuditAnswer{Page[AuditEntry]{Items: mapped(page.Entries, entryOf)}}
	if page.Next != 0 {
		answer.Body.Next = makeCursor(strconv.FormatInt(page.Next, 10))
	}
	return answer, nil
}

func readAuditCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := readCursor(cursor)
	if err != nil {
		return 0, err
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		return 0, wrong(BadCursor, "cursor", "The cursor is not one that an answer of this list had.")
	}
	return number, nil
}

type auditHeadAnswer struct {
	Body AuditHead
}

func (a *API) auditHead(ctx context.Context, _ *nothing) (*auditHeadAnswer, error) {
	newest, signed, err := a.Audit.Head(ctx)
	if err != nil {
		return nil, err
	}
	answer := &auditHeadAnswer{AuditHead{Number: newest.Number, Hash: newest.Hash.String(), Head: headText(newest), Key: a.Audit.PublicKey().String()}}
	if signed.Signature != nil {
		answer.Body.Signed = signed.String()
	}
	return answer, nil
}

// headText is the text of a head, empty before the first row.
func headText(m audit.Mark) string {
	if m.Number == 0 {
		return ""
	}
	return audit.Head{Mark: m}.String()
}

type verifyAuditInput struct {
	Head string `query:"head" maxLength:"256" doc:"A head that was kept: nothing may be missing or changed up to it."`
}

type verifyAuditAnswer struct {
	Body AuditReport
}

func (a *API) verifyAudit(ctx context.Context, in *verifyAuditInput) (*verifyAuditAnswer, error) {
	var given *audit.Head
	if in.Head != "" {
		head, err := audit.ParseHead(in.Head)
		if err != nil {
			return nil, err
		}
		given = &head
	}
	select {
	case a.verifying <- struct{}{}:
		defer func() { <-a.verifying }()
	default:
		return nil, problem(RateLimited, "The audit log is being looked through already; wait until that is done.")
	}
	report, err := a.Audit.Verify(ctx, given)
	if err != nil {
		return nil, err
	}
	return &verifyAuditAnswer{ReportOf(report)}, nil
}

// ReportOf is a report as the API answers it.
func ReportOf(r audit.Report) AuditReport {
	answer := AuditReport{Rows: r.Rows, Head: headText(r.Head), Signed: r.Signed, Gaps: r.Gaps}
	if f := r.Fault; f != nil {
		answer.Fault = &AuditFault{Kind: string(f.Kind), First: f.First, Last: f.Last, Text: f.String()}
	}
	return answer
}

type exportAuditInput struct {
	AuditFilter
}

// exportAudit sends the rows while it reads them. That somebody exports them is a
// row too, written before the first one is sent.
func (a *API) exportAudit(ctx context.Context, in *exportAuditInput) (*huma.StreamResponse, error) {
	q, err := a.query(ctx, &in.AuditFilter)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/jsonl")
		out.SetHeader("Content-Disposition", `attachment; filename="audit.jsonl"`)
		w := out.BodyWriter()
		if _, err := a.Audit.Export(ctx, w, q); err != nil {
			p := a.present(ctx, err).complete()
			_ = json.NewEncoder(w).Encode(p) // it broke off, or the other side has gone
		}
	}}, nil
}

// auditField is the parameter that a refusal of the audit log is about.
func auditField(code audit.Code) string {
	switch code {
	case audit.CodeBadHead:
		return "head"
	case audit.CodeBadQuery:
		return "act"
	}
	return ""
}

func entryOf(e audit.Entry) AuditEntry {
	details := make([]AuditDetail, 0, len(e.Details))
	for _, d := range e.Details {
		details = append(details, AuditDetail(d))
	}
	return AuditEntry{
		Number: e.Number, Time: e.Time, From: e.From, Act: e.Act,
		Actor:   AuditActor{string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, e.Actor.Role},
		Domain:  AuditDomain{int64(e.Domain.ID), e.Domain.Name},
		Object:  AuditObject(e.Object),
		Outcome: string(e.Outcome), Code: e.Code, Reason: e.Reason, Details: details,
		Previous: e.Previous.String(), Hash: e.Hash.String(),
	}
}
