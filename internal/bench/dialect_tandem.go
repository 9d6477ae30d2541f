package bench

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// What the bench calls its domain, and the password of all its users.
const (
	tandemDomain   = "example.com"
	tandemPassword = "bench-password"
)

// tandemDialect is AppWebsocket with PbxSignal, as a client of the published
// protocol speaks it: login as a user, NO_MEDIA_CALL, one chat per pair.
type tandemDialect struct{}

// usersCSV is what `pbx user import` reads.
func usersCSV(users []string) []byte {
	var b bytes.Buffer
	b.WriteString("sip,dn,num,password\n")
	for i, u := range users {
		fmt.Fprintf(&b, "%s,Bench %s,%d,%s\n", u, u, 100000+i, tandemPassword)
	}
	return b.Bytes()
}

// answer has the members that matter of whatever the switch says.
type answer struct {
	MT        string `json:"mt"`
	Challenge string `json:"challenge"`
	OK        bool   `json:"ok"`
	Err       string `json:"err"`
	ErrorText string `json:"errorText"`
	Call      int    `json:"call"`
	Sig       struct {
		Type string `json:"type"`
		Cau  struct {
			Num int `json:"num"`
		} `json:"cau"`
	} `json:"sig"`
}

func (tandemDialect) path(string) string { return "/PBX0/APPS/websocket" }

// enter logs in as the user (appwebsocket.md 2.5, last row) and registers.
func (tandemDialect) enter(c *client) error {
	hello, err := ask(c.conn, `{"mt":"AppChallenge"}`, "AppChallengeResult")
	if err != nil {
		return err
	}
	login := fmt.Sprintf(`{"mt":"AppLogin","app":"","domain":%q,"sip":%q,"guid":"","dn":"","digest":%q}`,
		tandemDomain, c.name, loginDigest(c.name, hello.Challenge))
	a, err := ask(c.conn, login, "AppLoginResult")
	if err != nil {
		return err
	}
	if !a.OK {
		return fmt.Errorf("bench: login of %s: %s", c.name, a.ErrorText)
	}
	return register(c)
}

// loginDigest is the digest of a login without info (2.3).
func loginDigest(user, challenge string) string {
	sum := sha256.Sum256([]byte(":" + tandemDomain + ":" + user + ":::" + challenge + ":" + tandemPassword))
	return hex.EncodeToString(sum[:])
}

func register(c *client) error {
	flags := "NO_MEDIA_CALL"
	if c.ext {
		flags += "|IM_EXT"
	}
	a, err := ask(c.conn, `{"api":"PbxSignal","mt":"Register","src":"r","flags":"`+flags+`"}`, "RegisterResult")
	if err == nil && a.Err != "" {
		err = fmt.Errorf("bench: registration of %s: %s", c.name, a.Err)
	}
	return err
}

// ask sends one message and waits for the answer named mt.
func ask(c *conn, message, mt string) (answer, error) {
	if err := c.writeMessage([]byte(message)); err != nil {
		return answer{}, err
	}
	return await(c, func(a *answer) bool { return a.MT == mt })
}

// await reads until wanted says yes; a rel is never waited over.
func await(c *conn, wanted func(*answer) bool) (answer, error) {
	for range 20 {
		m, err := c.readMessage()
		if err != nil {
			return answer{}, err
		}
		var a answer
		if err := json.Unmarshal(m, &a); err != nil {
			return a, err
		}
		if wanted(&a) {
			return a, nil
		}
		if a.Sig.Type == "rel" || a.MT == "Error" {
			return a, fmt.Errorf("%w: %s", errUnexpected, m)
		}
	}
	return answer{}, errUnexpected
}

func awaitSig(c *conn, kind string) (answer, error) {
	return await(c, func(a *answer) bool { return a.Sig.Type == kind })
}

func signal(c *client, sig string) error {
	return c.conn.writeMessage(fmt.Appendf(nil, `{"api":"PbxSignal","mt":"Signaling","src":"r","call":%d,"sig":%s}`, c.call, sig))
}

// link sets up a chat: setup, conn of every device, conn.
func (tandemDialect) link(writer *client, readers []*client) error {
	writer.call = 1
	err := signal(writer, fmt.Sprintf(`{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"sip":%q},"fty":[{"type":"im_setup"}]}`, writer.peer))
	if err != nil {
		return err
	}
	for _, r := range readers {
		a, err := awaitSig(r.conn, "setup")
		if err != nil {
			return fmt.Errorf("setup for %s: %w", r.name, err)
		}
		r.call = a.Call
		if err := signal(r, `{"type":"conn","channel":0}`); err != nil {
			return err
		}
	}
	_, err = awaitSig(writer.conn, "conn")
	return err
}

// unlink ends the call of the writer.
func (tandemDialect) unlink(writer *client, readers []*client) error {
	if err := signal(writer, `{"type":"rel","cau":{"num":16}}`); err != nil {
		return err
	}
	for _, r := range readers {
		if _, err := awaitSig(r.conn, "rel"); err != nil {
			return err
		}
	}
	return nil
}

func (tandemDialect) text(dst []byte, c *client) []byte {
	id := ""
	if c.ext {
		id = `"id":"` + idMark + `",`
	}
	return fmt.Appendf(dst, `{"api":"PbxSignal","mt":"Signaling","src":"r","call":%d,"sig":{"type":"facility","fty":[{"type":"im_message",%s"mime":"text/html","data":"%s"}]}}`,
		c.call, id, body())
}

func (tandemDialect) scanner() scanner { return tandemScanner{} }

type tandemScanner struct{}

// scan looks for the facility and nothing else.
func (tandemScanner) scan(payload []byte) (texts, acks int, err error) {
	at := bytes.Index(payload, []byte(`"im_`))
	if at < 0 || at+5 > len(payload) {
		return 0, 0, controlFrame(payload)
	}
	if payload[at+4] == 'm' {
		return 1, 0, nil
	}
	if bytes.Contains(payload[at:], []byte(`"state":"sent"`)) {
		return 0, 1, nil
	}
	return 0, 0, fmt.Errorf("%w: %s", errUnexpected, payload)
}

// controlFrame accepts what belongs to no text, except the end of a call.
func controlFrame(payload []byte) error {
	if bytes.Contains(payload, []byte(`"rel"`)) {
		return fmt.Errorf("%w: %s", errUnexpected, payload)
	}
	return nil
}
