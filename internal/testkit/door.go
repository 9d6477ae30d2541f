package testkit

import (
	"errors"
	"fmt"
	"strings"
)

// Frames of the doors. Names in them are bound under "door." and nowhere used
// by dialogues.
const (
	appChallenge  = `{"mt":"AppChallenge"}`
	appChallenged = `{"mt":"AppChallengeResult","challenge":"$door.challenge:str"}`
	appLoggedIn   = `{"mt":"AppLoginResult","ok":true}`
	userLogin     = `{"mt":"Login","type":"user","userAgent":"testkit"}`
	authenticate  = `{"mt":"Authenticate","method":"digest","domain":"$door.domain:str","challenge":"$door.challenge:str"}`
	loggedIn      = `{"mt":"LoginResult","info":"$door.info:raw","digest":"$door.digest:str","!":["error"]}`
	inboxSetup    = `{"api":"PbxSignal","mt":"Signaling","call":"$door.call:neg","sig":{"type":"setup","channel":0,"fty":[{"type":"im_setup","inbox":true},"$rest"]}}`
)

// nonce is what the clients of APPCLIENT use; the switch sees it once per
// session.
const nonce = "a491f76e528be0b9"

// noGUID is the guid in the password form of an App object.
const noGUID = "00000000000000000000000000000000"

func (p *player) connect(s *Step, dev *device) error {
	d, _ := p.d.device(s.device)
	if err := dev.dial(socketURL(p.target.URL, d.Door)); err != nil {
		return err
	}
	if s.op == opSocket {
		return nil
	}
	if err := p.login(d, dev); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	if s.op == opLogin {
		return nil
	}
	return p.register(dev, d.Name, d.Flags)
}

// socketURL is the websocket address of a door.
func socketURL(base, door string) string {
	return "ws" + strings.TrimPrefix(strings.TrimSuffix(base, "/"), "http") + "/PBX0/" + door + "/websocket"
}

func (p *player) login(d Device, dev *device) error {
	if user, ok := p.d.Setup().person(d.Person()); ok {
		if d.Door == DoorAppClient {
			return p.myApps(dev, user.Name, user.Password)
		}
		return p.appLogin(dev, "", user.Name, "", "", user.Password)
	}
	o, _ := p.d.Setup().object(d.Person())
	return p.appLogin(dev, o.Name, o.Name, noGUID, "Admin", o.Password)
}

// appLogin logs in at the application door: a user with an empty app, an App
// object in the password form.
func (p *player) appLogin(dev *device, app, sip, guid, dn, password string) error {
	if err := p.ask(dev, appChallenge, appChallenged); err != nil {
		return err
	}
	challenge := p.take("door.challenge").text
	input := strings.Join([]string{app, Domain, sip, guid, dn, challenge, password}, ":")
	login := fmt.Sprintf(`{"mt":"AppLogin","app":%s,"domain":%s,"sip":%s,"guid":%s,"dn":%s,"digest":%s`,
		quote(app), quote(Domain), quote(sip), quote(guid), quote(dn), quote(digest(input)))
	if app != "" {
		login += `,"pbxObj":` + string(quote(app))
	}
	return p.ask(dev, login+"}", appLoggedIn)
}

// myApps logs a user in at APPCLIENT and verifies the digest of the answer.
func (p *player) myApps(dev *device, name, password string) error {
	if err := p.ask(dev, userLogin, authenticate); err != nil {
		return err
	}
	domain, challenge := p.take("door.domain").text, p.take("door.challenge").text
	proof := func(kind, info string) string {
		parts := []string{"innovaphoneAppClient", kind, domain, name, password, nonce, challenge}
		if info != "" {
			parts = append(parts, info)
		}
		return digest(strings.Join(parts, ":"))
	}
	login := fmt.Sprintf(`{"mt":"Login","type":"user","method":"digest","username":%s,"nonce":%s,"response":%s,"userAgent":"testkit"}`,
		quote(name), quote(nonce), quote(proof("user", "")))
	if err := p.ask(dev, login, loggedIn); err != nil {
		return err
	}
	info, got := p.take("door.info"), p.take("door.digest")
	if got.text != proof("loginresult", string(info.raw)) {
		return errors.New("the digest of LoginResult is wrong")
	}
	return nil
}

// register registers, and answers the inbox setup if there is one.
func (p *player) register(dev *device, src, flags string) error {
	text := fmt.Sprintf(`{"api":"PbxSignal","mt":"Register","src":%s`, quote(src))
	if flags != "" {
		text += `,"flags":` + string(quote(flags))
	}
	result := fmt.Sprintf(`{"api":"PbxSignal","mt":"RegisterResult","src":%s,"!":["err"]}`, quote(src))
	if err := p.ask(dev, text+"}", result); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	if !strings.Contains("|"+flags+"|", "|IM_INBOX|") {
		return nil
	}
	if err := p.expect(dev, inboxSetup, opReceive); err != nil {
		return fmt.Errorf("inbox: %w", err)
	}
	call := p.take("door.call")
	p.vars.bind("inbox."+src, call)
	return dev.send(fmt.Sprintf(
		`{"api":"PbxSignal","mt":"Signaling","src":%s,"call":%s,"sig":{"type":"conn","channel":0}}`, quote(src), call.raw))
}

// ask sends a frame and takes its answer. On APPCLIENT frames that nobody asked
// for may stand before it.
func (p *player) ask(dev *device, text, answer string) error {
	if err := dev.send(text); err != nil {
		return err
	}
	op := opReceive
	if d, ok := p.d.device(dev.name); ok && d.Door == DoorAppClient {
		op = opPass
	}
	return p.expect(dev, answer, op)
}

func (p *player) expect(dev *device, pattern string, op op) error {
	n, err := parseJSON([]byte(pattern))
	if err != nil {
		return err
	}
	return p.receive(&Step{op: op, device: dev.name, pattern: n}, dev)
}

// take returns a bound value and forgets the name.
func (p *player) take(name string) *node {
	n := p.vars.get(name)
	delete(p.vars.values, name)
	return n
}
