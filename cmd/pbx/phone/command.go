package phone

import (
	"fmt"
	"strings"
)

// verb is what a typed line asks for.
type verb int

const (
	say verb = iota // the text of the line goes to the current chat
	chat
	who
	hangup
	history
	send
	groups
	quit
	help
)

// command is one typed line.
type command struct {
	verb verb
	text string // what to say, the name of the chat, or of the file
}

var verbs = map[string]verb{
	"/chat": chat, "/who": who, "/hangup": hangup, "/history": history, "/send": send, "/groups": groups,
	"/quit": quit, "/help": help,
}

const helpText = `/chat NAME   write to NAME from now on (a user, with or without domain)
/who         the current chat, and everybody met in this session
/history     the newest stored messages of the current chat, and what became of
             yours; /history NAME those of another one
/send FILE   send a file to the current chat
/groups      your groups: /chat takes the name in front
/hangup      leave the current chat
/quit        end; what was written is waited for
/help        this list
Anything else is sent to the current chat as it stands. A text that begins
with a slash is written with two: //etc`

// parseCommand reads a line that is not empty.
func parseCommand(line string) (command, error) {
	if !strings.HasPrefix(line, "/") {
		return command{verb: say, text: line}, nil
	}
	if strings.HasPrefix(line, "//") {
		return command{verb: say, text: line[1:]}, nil
	}
	name, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	v, known := verbs[name]
	one := rest != "" && len(strings.Fields(rest)) == 1
	switch {
	case !known:
		return command{}, fmt.Errorf("there is no command %s: see /help; a text that begins with a slash is written with two", name)
	case v == chat && !one:
		return command{}, fmt.Errorf("write /chat and one name: /chat bob")
	case v == history && rest != "" && !one:
		return command{}, fmt.Errorf("write /history, or /history and one name: /history bob")
	case v == send && rest == "":
		return command{}, fmt.Errorf("write /send and the name of a file: /send plan.pdf")
	case v != chat && v != history && v != send && rest != "":
		return command{}, fmt.Errorf("%s stands alone in its line", name)
	}
	return command{verb: v, text: rest}, nil
}
