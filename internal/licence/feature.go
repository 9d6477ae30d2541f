package licence

import (
	"regexp"
	"slices"
	"strings"
)

// Feature is something that can be granted: one of the names below, or the
// licence of an app, App(name), or of a service, Service(name).
type Feature string

// The features that the switch asks for. The names stand in entitlements and in
// the lists of users: they never change.
const (
	// Everything grants all features, apps and services there are.
	Everything Feature = "*"
	// Messages is stored chats with all that belongs to them: it grants Chat,
	// ChatAttach and ChatGroup.
	Messages   Feature = "messages"
	Chat       Feature = "chat"        // stored chats of two; the app licence App(innovaphone-chat) grants it too
	ChatAttach Feature = "chat.attach" // files in chats
	ChatGroup  Feature = "chat.group"  // chats of groups
	Calls      Feature = "calls"       // calls with media
	Push       Feature = "push"        // waking mobile apps
	REST       Feature = "rest"        // the platform API
)

// known are the features that can be issued, beside apps and services.
var known = []Feature{Everything, Messages, Chat, ChatAttach, ChatGroup, Calls, Push, REST}

// chatApp is the app whose licence stands for Chat (decision 78).
const chatApp = "innovaphone-chat"

// App is the licence of the apps whose name begins with head.
func App(head string) Feature { return Feature("App(" + head + ")") }

// Service is the licence of the services whose name begins with head, counted
// for the app object.
func Service(head string) Feature { return Feature("Service(" + head + ")") }

// app is the head in App(head).
func (f Feature) app() (head string, ok bool) { return f.inside("App(") }

// service is the head in Service(head).
func (f Feature) service() (head string, ok bool) { return f.inside("Service(") }

func (f Feature) inside(open string) (string, bool) {
	text, ok := strings.CutPrefix(string(f), open)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(text, ")")
}

// Known tells whether f may be issued: it is a feature of this version, or the
// licence of an app or service.
func (f Feature) Known() bool {
	if slices.Contains(known, f) {
		return true
	}
	_, app := f.app()
	_, service := f.service()
	return f.wellFormed() && (app || service)
}

// form is what the name of a feature may be. Later versions may have more
// features, so not only known ones are well-formed.
var form = regexp.MustCompile(`^(\*|[a-z][a-z0-9.-]{0,31}|(App|Service)\([A-Za-z0-9][A-Za-z0-9._-]{0,63}\))$`)

func (f Feature) wellFormed() bool { return form.MatchString(string(f)) }

// covers tells whether who has f has asked too. It does not allocate.
func (f Feature) covers(asked Feature) bool {
	if f == asked || f == Everything {
		return true
	}
	switch asked {
	case Chat:
		return f == Messages || f.coversApp(chatApp)
	case ChatAttach, ChatGroup:
		return f == Messages
	}
	if name, ok := asked.app(); ok {
		return f.coversApp(name)
	}
	return false
}

// coversApp tells whether who has f may use the app: the name of the licence is
// the head of the name of the app.
func (f Feature) coversApp(name string) bool {
	switch f {
	case Everything:
		return true
	case Messages, Chat: // decision 78: the licence of the chat app is the feature
		return strings.HasPrefix(name, chatApp)
	}
	head, ok := f.app()
	return ok && strings.HasPrefix(name, head)
}

// coversService is coversApp for licences of services.
func (f Feature) coversService(name string) bool {
	if f == Everything {
		return true
	}
	head, ok := f.service()
	return ok && strings.HasPrefix(name, head)
}
