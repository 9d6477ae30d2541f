package admin

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// AuditQuery selects rows of the audit log, for the command line. An Object is
// "alice@example.com" or "alice": its history is meant, even if it was renamed.
type AuditQuery struct {
	Domain, Actor, Act, Object, Outcome, Since, Until string

	Most int // so many rows, the newest
}

// values are the parameters of the request. The object is found by its id as long
// as it exists, and by the name that it had when it does not.
func (c *Client) auditValues(ctx context.Context, q AuditQuery) (url.Values, error) {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Object != "" {
		domain, sip, err := c.split(ctx, q.Object)
		if err != nil {
			return nil, err
		}
		var o Object
		switch err := c.Do(ctx, http.MethodGet, domainPath(domain)+"/objects/"+url.PathEscape(sip), nil, &o); CodeOf(err) {
		case NotFound:
			set("domain", domain)
			set("object_name", sip)
		default:
			if err != nil {
				return nil, err
			}
			set("object", strconv.FormatInt(o.ID, 10))
		}
		set("object_kind", "object")
	}
	set("domain", q.Domain)
	set("actor", q.Actor)
	set("act", q.Act)
	set("outcome", q.Outcome)
	set("since", q.Since)
	set("until", q.Until)
	return v, nil
}

// Audit lists rows of the audit log, oldest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	v, err := c.auditValues(ctx, q)
	if err != nil {
		return nil, err
	}
	all := []AuditEntry{}
	for len(all) < q.Most {
		v.Set("limit", strconv.Itoa(min(q.Most-len(all), 1000)))
		var page Page[AuditEntry]
		if err := c.Do(ctx, http.MethodGet, "/audit?"+v.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			break
		}
		v.Set("cursor", page.Next)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, nil
}

// AskAuditHead asks how far the audit log is.
type AskAuditHead struct{}

// AuditHead tells how far the audit log is.
func (c *Client) AuditHead(ctx context.Context, _ AskAuditHead) (AuditHead, error) {
	var h AuditHead
	return h, c.Do(ctx, http.MethodGet, "/audit/head", nil, &h)
}

// VerifyAudit looks through the audit log, and compares it with a head unless that
// is empty. It takes as long as it takes.
func (c *Client) VerifyAudit(ctx context.Context, head string) (AuditReport, error) {
	var report AuditReport
	response, err := c.Send(ctx, http.MethodGet, withQuery("/audit/verify", "head", head), "", nil)
	if err != nil {
		return report, err
	}
	defer response.Body.Close()
	return report, readJSON(response.Body, &report)
}

// ExportAudit is the audit log as JSON lines; the caller closes it. If it breaks
// off, its last line is no row.
func (c *Client) ExportAudit(ctx context.Context, q AuditQuery) (io.ReadCloser, error) {
	v, err := c.auditValues(ctx, q)
	if err != nil {
		return nil, err
	}
	response, err := c.Send(ctx, http.MethodGet, strings.TrimSuffix("/audit/export?"+v.Encode(), "?"), "", nil)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}
