package export

import (
	"archive/zip"
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
	"github.com/tandem-switch/tandem/sanitize"
)

// style is the only style sheet. Its hash stands in the policy of every page, so
// that no other can be slipped in.
const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:50em;margin:2em auto;padding:0 1em;color:#1a1a1a;background:#fff}` +
	`h1{font-size:1.4em}article{margin:0 0 1em;padding:.2em 0 .2em .8em;border-left:3px solid #ccd}` +
	`header{font-size:.85em;color:#555}header b{color:#1a1a1a}footer{font-size:.85em;color:#555}div{overflow-wrap:anywhere}` +
	`nav{margin:1em 0}pre{white-space:pre-wrap}`

const pageHead = `<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">
<title>%s</title><style>%s</style></head><body>
<h1 dir="auto">%s</h1>
`

const pageEnd = "</body></html>\n"

func pageTop(w io.Writer, title string) {
	t := label(title)
	fmt.Fprintf(w, pageHead, styleHash(), t, style, t)
}

// label is a name as text of a page.
func label(name string) string {
	return html.EscapeString(cmp.Or(sanitize.Text(name, 256), "(no name)"))
}

// html writes the pages of a chat.
func (e *exporter) html(ctx context.Context, b *book, missing map[int64]bool) error {
	p := &pager{e: e, b: b, missing: missing}
	b.messages, b.pages = 0, 0
	if err := p.next(false); err != nil {
		return err
	}
	err := e.read(ctx, b, func(m *messages.Message) error {
		if b.messages > 0 && b.messages%pageSize == 0 {
			if err := p.next(true); err != nil {
				return err
			}
		}
		b.messages++
		return p.message(m)
	})
	if err != nil {
		return err
	}
	return p.end(false)
}

// pager writes messages on pages.
type pager struct {
	e       *exporter
	b       *book
	missing map[int64]bool
	w       *bufio.Writer
}

func pageName(n int) string { return fmt.Sprintf("page-%05d.html", n) }

// next ends a page, if there is one, and begins the next.
func (p *pager) next(more bool) error {
	if p.w != nil {
		if err := p.end(more); err != nil {
			return err
		}
	}
	p.b.pages++
	entry, err := p.e.create(p.b.dir+pageName(p.b.pages), zip.Deflate, p.e.r.Now)
	if err != nil {
		return err
	}
	p.w = bufio.NewWriter(entry)
	pageTop(p.w, p.b.title)
	fmt.Fprint(p.w, `<nav><a href="../../index.html">All chats</a>`)
	if p.b.pages > 1 {
		fmt.Fprintf(p.w, ` · <a href="%s">Earlier</a>`, pageName(p.b.pages-1))
	}
	fmt.Fprint(p.w, "</nav>\n")
	return nil
}

func (p *pager) end(more bool) error {
	if more {
		fmt.Fprintf(p.w, `<nav><a href="%s">Later</a></nav>`+"\n", pageName(p.b.pages+1))
	}
	fmt.Fprint(p.w, pageEnd)
	return p.w.Flush()
}

// message writes one. An error of the writer is kept by it until the flush.
func (p *pager) message(m *messages.Message) error {
	author := label(cmp.Or(m.Author.Name, m.Author.SIP))
	fmt.Fprintf(p.w, `<article id="m%d"><header><b><bdi>%s</bdi></b> <time>%s</time>`, m.ID, author, moment(m.Time).Format("2006-01-02 15:04:05 UTC"))
	if m.Edited != 0 {
		fmt.Fprintf(p.w, ` (changed %s)`, moment(m.Edited).Format("2006-01-02 15:04 UTC"))
	}
	if m.Reply != 0 {
		fmt.Fprintf(p.w, ` <a href="#m%d">answer</a>`, m.Reply)
	}
	fmt.Fprintf(p.w, "</header>\n<div dir=\"auto\">%s</div>\n", body(m))
	for _, f := range shown(m.Files) {
		p.file(f)
	}
	if len(m.Reactions) > 0 {
		fmt.Fprint(p.w, "<footer>")
		for _, r := range m.Reactions {
			fmt.Fprintf(p.w, "%s <bdi>%s</bdi> ", label(r.Emoji), label(r.SIP))
		}
		fmt.Fprint(p.w, "</footer>\n")
	}
	_, err := fmt.Fprint(p.w, "</article>\n")
	return err
}

func (p *pager) file(f messages.File) {
	name := label(f.Name)
	switch {
	case p.e.r.Files == nil:
		fmt.Fprintf(p.w, "<footer>File <bdi>%s</bdi> (%d bytes), not exported</footer>\n", name, f.Size)
	case p.missing[f.ID]:
		fmt.Fprintf(p.w, "<footer>File <bdi>%s</bdi> (%d bytes), not there any more</footer>\n", name, f.Size)
	default:
		dir, file, _ := strings.Cut(fileName(f), "/")
		fmt.Fprintf(p.w, `<footer>File <a href="%s/%s" download><bdi>%s</bdi></a> (%d bytes)</footer>`+"\n",
			dir, html.EscapeString(url.PathEscape(file)), name, f.Size)
	}
}

// body is what a page shows of a message: HTML that was sanitised once more.
func body(m *messages.Message) string {
	switch m.Mime {
	case "", "text/html":
		return sanitize.HTML(m.Text)
	case "text/plain":
		if m.Data != "" {
			return sanitize.EscapeText(m.Data)
		}
		return sanitize.HTML(m.Text)
	}
	return "(" + label(m.Mime) + ") " + sanitize.HTML(m.Alt)
}

// indexHTML is the first page.
func (e *exporter) indexHTML(chats []book) error {
	entry, err := e.create("index.html", zip.Deflate, e.r.Now)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(entry)
	pageTop(w, "Messages of "+e.r.Log.Domain())
	fmt.Fprintf(w, "<p>Exported %s.</p>\n<ul>\n", e.r.Now.UTC().Format("2006-01-02 15:04 UTC"))
	for _, b := range chats {
		fmt.Fprintf(w, `<li><a href="%s%s"><bdi>%s</bdi></a> (%d messages, %d pages)</li>`+"\n", b.dir, pageName(1), label(b.title), b.messages, b.pages)
	}
	fmt.Fprint(w, "</ul>\n"+pageEnd)
	return w.Flush()
}

// styleHash is the hash of the style sheet as a policy names it.
func styleHash() string {
	h := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(h[:])
}
