package admin

import (
	"bytes"
	"cmp"
	_ "embed" // the page
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strconv"
)

//go:embed setup.html
var setupHTML string

// setupPath is where the one-time link leads to.
const setupPath = "/admin/setup"

// setupSecurity lets the page send its form to this very server, and nothing else.
const setupSecurity = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// maxSetup is the most bytes of the form.
const maxSetup = 16 << 10

// setupPage is the form for the first operator. It has no script: what is sent is
// handed on to the operation /setup, which does everything that is to be done.
type setupPage struct {
	api  *API
	text *template.Template
}

type setupView struct {
	Token, Name, Wrong string
	Done               bool
}

func (a *API) registerSetupPage() error {
	text, err := template.New("setup").Parse(setupHTML)
	if err != nil {
		return err
	}
	p := setupPage{a, text}
	a.mux.HandleFunc("GET "+setupPath, p.show)
	a.mux.HandleFunc("POST "+setupPath, p.send)
	return nil
}

func (p setupPage) show(w http.ResponseWriter, r *http.Request) {
	p.write(w, http.StatusOK, setupView{Token: r.URL.Query().Get("token")})
}

func (p setupPage) send(w http.ResponseWriter, r *http.Request) {
	r = hurried(w, r)
	r.Body = http.MaxBytesReader(w, r.Body, maxSetup)
	if err := r.ParseForm(); err != nil {
		p.write(w, http.StatusBadRequest, setupView{Wrong: "The form could not be read."})
		return
	}
	in := Setup{Token: r.PostForm.Get("token"), Name: r.PostForm.Get("name"), Password: r.PostForm.Get("password")}
	view := setupView{Token: in.Token, Name: in.Name}
	if in.Password != r.PostForm.Get("repeat") {
		view.Wrong = "The two passwords are not the same."
		p.write(w, http.StatusUnprocessableEntity, view)
		return
	}
	answer := p.api.askFor(r, http.MethodPost, "/setup", in)
	if view.Done = answer.status == http.StatusCreated; !view.Done {
		view.Wrong = answer.problem()
	}
	p.write(w, answer.status, view)
}

// askFor does an operation in the name of the one who has sent a form. The form
// says where it comes from, and is refused if that is another site.
func (a *API) askFor(form *http.Request, method, path string, in any) *keptAnswer {
	answer := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	body, err := json.Marshal(in)
	if err != nil {
		answer.status = http.StatusInternalServerError
		return answer
	}
	r := form.Clone(form.Context())
	r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery = method, Prefix+path, "", ""
	r.RequestURI, r.Pattern = r.URL.Path, ""
	r.Header.Set("Content-Type", "application/json")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	a.mux.ServeHTTP(answer, r)
	return answer
}

func (p setupPage) write(w http.ResponseWriter, status int, view setupView) {
	showPage(w, status, p.text, view)
}

// showPage answers with a page for people, which may send forms to this very
// server.
func showPage(w http.ResponseWriter, status int, text *template.Template, view any) {
	var page bytes.Buffer
	if err := text.Execute(&page, view); err != nil {
		http.Error(w, "The page could not be written.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", setupSecurity)
	h.Set("Referrer-Policy", "same-origin") // with none, browsers do not say where a form comes from
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the other side has gone
}

// keptAnswer keeps an answer of ourselves.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// problem is the sentence of an answer that is one.
func (k *keptAnswer) problem() string {
	var p Problem
	_ = json.Unmarshal(k.body.Bytes(), &p) // where it is one
	return cmp.Or(p.Text, "The form could not be read.")
}

// Header implements http.ResponseWriter.
func (k *keptAnswer) Header() http.Header { return k.header }

// WriteHeader implements http.ResponseWriter.
func (k *keptAnswer) WriteHeader(status int) { k.status = status }

// Write implements http.ResponseWriter.
func (k *keptAnswer) Write(text []byte) (int, error) { return k.body.Write(text) }
