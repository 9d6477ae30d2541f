package admin

import (
	"bytes"
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
	status, problem := p.ask(r, in)
	if view.Done = status == http.StatusCreated; !view.Done {
		view.Wrong = problem.Text
	}
	p.write(w, status, view)
}

// ask does the operation in the name of the one who has sent the form.
func (p setupPage) ask(form *http.Request, in Setup) (status int, problem Problem) {
	body, err := json.Marshal(in)
	if err != nil {
		return http.StatusInternalServerError, Problem{Text: "The form could not be read."}
	}
	r := form.Clone(form.Context())
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = Prefix+"/setup", "", ""
	r.RequestURI, r.Pattern = r.URL.Path, ""
	r.Header.Set("Content-Type", "application/json")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	p.api.mux.ServeHTTP(answer, r)
	_ = json.Unmarshal(answer.body.Bytes(), &problem) // where it is one
	return answer.status, problem
}

func (p setupPage) write(w http.ResponseWriter, status int, view setupView) {
	var page bytes.Buffer
	if err := p.text.Execute(&page, view); err != nil {
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

// Header implements http.ResponseWriter.
func (k *keptAnswer) Header() http.Header { return k.header }

// WriteHeader implements http.ResponseWriter.
func (k *keptAnswer) WriteHeader(status int) { k.status = status }

// Write implements http.ResponseWriter.
func (k *keptAnswer) Write(text []byte) (int, error) { return k.body.Write(text) }
