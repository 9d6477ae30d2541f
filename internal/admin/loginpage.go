package admin

import (
	_ "embed" // the page
	"encoding/json"
	"html/template"
	"net/http"
)

//go:embed login.html
var loginHTML string

// loginPath is where people log in to the pages of the administration.
const loginPath = "/admin/login"

// loginPage logs administrators in and out who come with a browser. It has no
// script: what is sent is handed on to the operations of /session.
type loginPage struct {
	api  *API
	text *template.Template
}

type loginView struct {
	Name, Wrong string
	In          bool
}

func (a *API) registerLoginPage() error {
	text, err := template.New("login").Parse(loginHTML)
	if err != nil {
		return err
	}
	p := loginPage{a, text}
	a.mux.HandleFunc("GET "+loginPath, p.show)
	a.mux.HandleFunc("POST "+loginPath, p.send)
	return nil
}

func (p loginPage) show(w http.ResponseWriter, r *http.Request) {
	var view loginView
	if answer := p.api.askFor(r, http.MethodGet, "/session", nil); answer.status == http.StatusOK {
		view.In, view.Name = true, nameIn(answer)
	}
	showPage(w, http.StatusOK, p.text, view)
}

func (p loginPage) send(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxSetup)
	if err := r.ParseForm(); err != nil {
		showPage(w, http.StatusBadRequest, p.text, loginView{Wrong: "The form could not be read."})
		return
	}
	method, in, view := http.MethodPost, any(nil), loginView{}
	if r.PostForm.Has("out") {
		method = http.MethodDelete
	} else {
		view.Name = r.PostForm.Get("name")
		in = Login{Name: view.Name, Password: r.PostForm.Get("password"), Code: r.PostForm.Get("code")}
	}
	answer := p.api.askFor(r, method, "/session", in)
	if answer.status >= http.StatusBadRequest {
		view.Wrong = answer.problem()
		showPage(w, answer.status, p.text, view)
		return
	}
	w.Header()["Set-Cookie"] = answer.header.Values("Set-Cookie")
	http.Redirect(w, r, loginPath, http.StatusSeeOther) // so that a reload sends no password
}

// nameIn is the name of the account that has got an answer of /session.
func nameIn(answer *keptAnswer) string {
	var you You
	_ = json.Unmarshal(answer.body.Bytes(), &you) // our own answer
	return you.Name
}
