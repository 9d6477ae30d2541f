package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tandem-switch/tandem/appservice"
)

// page is how many messages are asked for at once.
const page = 200

// reader reads back what is stored, as a person does who comes back.
type reader struct {
	c    *appservice.Client
	name string
	n    int
}

// openReader logs in and begins a session with the Messages service.
func openReader(ctx context.Context, url, name string) (*reader, error) {
	c, err := dial(ctx, url, name)
	if err != nil {
		return nil, err
	}
	r := &reader{c: c, name: name}
	_, err = r.ask(ctx, `"mt":"Session","flags":"IM_EXT"`, "")
	if err != nil {
		_ = c.Close("")
		return nil, fmt.Errorf("session of %s: %w", name, err)
	}
	return r, nil
}

func (r *reader) close() { _ = r.c.Close("") }

// said is what a reader takes from the Messages service.
type said struct {
	MT        string `json:"mt"`
	Src       string `json:"src"`
	Error     any    `json:"error"`
	ErrorText string `json:"errorText"`
	Since     string `json:"since"`
	More      bool   `json:"more"`
	Reset     bool   `json:"reset"`
	Kind      string `json:"kind"`
	SIP       string `json:"sip"`
	Msg       stored `json:"msg"`
}

type stored struct {
	ID     int64  `json:"id"`
	CID    string `json:"cid"`
	Author string `json:"author"`
	Text   string `json:"text"`
}

func (s stored) row() Row { return Row(s) }

var errNoSession = errors.New("the Messages service does not answer")

// ask sends a request: its indications, named ind, and at last its result.
func (r *reader) ask(ctx context.Context, members, ind string) ([]said, error) {
	r.n++
	src := fmt.Sprint("r", r.n)
	if err := raw(ctx, r.c, fmt.Sprintf(`{"api":"PbxMessages",%s,"src":%q}`, members, src)); err != nil {
		return nil, err
	}
	var list []said
	for {
		f, err := r.c.Recv(ctx)
		if err != nil {
			return nil, err
		}
		var s said
		if err := json.Unmarshal(f.Raw, &s); err != nil {
			return nil, err
		}
		if s.Src != src {
			continue // of the session
		}
		if s.MT == "Error" {
			return nil, errNoSession
		}
		list = append(list, s)
		if ind == "" || s.MT != ind {
			if s.Error != nil {
				return nil, fmt.Errorf("%s: %v %s", s.MT, s.Error, s.ErrorText)
			}
			return list, nil
		}
	}
}

// chat reads all messages with the peer that are newer than above, the oldest
// first, and clears nothing.
func (r *reader) chat(ctx context.Context, peer string, above int64) ([]Row, error) {
	if above == 0 {
		return r.wholeChat(ctx, peer)
	}
	var rows []Row
	for {
		list, more, err := r.page(ctx, peer, "above", above)
		if rows = append(rows, list...); err != nil || !more {
			return rows, err
		}
		above = rows[len(rows)-1].ID
	}
}

// wholeChat pages back from the newest message, as people do who scroll.
func (r *reader) wholeChat(ctx context.Context, peer string) ([]Row, error) {
	var rows []Row
	for below := int64(1)<<53 - 1; ; {
		list, more, err := r.page(ctx, peer, "below", below)
		if rows = append(rows, list...); err != nil || !more {
			slices.Reverse(rows)
			return rows, err
		}
		below = rows[len(rows)-1].ID
	}
}

// page is one ReadChat on one side of a message.
func (r *reader) page(ctx context.Context, peer, side string, id int64) (rows []Row, more bool, err error) {
	list, err := r.ask(ctx, fmt.Sprintf(`"mt":"ReadChat","topic":%q,"sip":%q,%q:%d,"count":%d,"keep":true`, r.name, peer, side, id, page), "ReadChatInd")
	if err != nil {
		return nil, false, err
	}
	for _, s := range list[:len(list)-1] {
		rows = append(rows, s.Msg.row())
	}
	return rows, list[len(list)-1].More && len(rows) > 0, nil
}

// token is where the person has come to.
func (r *reader) token(ctx context.Context) (string, error) {
	list, err := r.ask(ctx, `"mt":"Sync"`, "SyncInd")
	if err != nil {
		return "", err
	}
	return list[len(list)-1].Since, nil
}

var errReset = errors.New("the token of Sync is unknown")

// missed are the messages with the peer that the person has missed since a token,
// as Sync tells them.
func (r *reader) missed(ctx context.Context, peer, since string) ([]Row, error) {
	var rows []Row
	for {
		list, err := r.ask(ctx, fmt.Sprintf(`"mt":"Sync","since":%q,"count":%d`, since, page), "SyncInd")
		if err != nil {
			return nil, err
		}
		for _, s := range list[:len(list)-1] {
			if s.Kind == "message" && s.SIP == peer {
				rows = append(rows, s.Msg.row())
			}
		}
		end := list[len(list)-1]
		switch {
		case end.Reset:
			return nil, errReset
		case !end.More:
			return rows, nil
		}
		since = end.Since
	}
}

// differ says how what Sync tells differs from the history.
func differ(chat string, synced, history []Row) string {
	if slices.Equal(synced, history) {
		return ""
	}
	for i := range max(len(synced), len(history)) {
		switch {
		case i >= len(synced):
			return fmt.Sprintf("%s: Sync lacks %q and %d more", chat, history[i].Text, len(history)-i-1)
		case i >= len(history):
			return fmt.Sprintf("%s: Sync tells %q, which is not in the history", chat, synced[i].Text)
		case synced[i] != history[i]:
			return fmt.Sprintf("%s: Sync tells %+v, the history has %+v", chat, synced[i], history[i])
		}
	}
	return ""
}
