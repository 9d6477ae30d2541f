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
	quit
	help
)

// command is one typed line.
type command struct {
	verb verb
	text string // what to say, or the name of the chat
}

var verbs = map[string]verb{
	"/chat": chat, "/who": who, "/hangup": hangup, "/quit": quit, "/help": help,
}

const helpText = `/chat NAME   write to NAME from now on (a user, with or without domain)
/who         the current chat, and everybody met in this session
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
	words := strings.Fields(line)
	v, known := verbs[words[0]]
	switch {
	case !known:
		return command{}, fmt.Errorf("there is no command %s: see /help; a text that begins with a slash is written with two", words[0])
	case v == chat && len(words) != 2:
		return command{}, fmt.Errorf("write /chat and one name: /chat bob")
	case v != chat && len(words) != 1:
		return command{}, fmt.Errorf("%s stands alone in its line", words[0])
	case v == chat:
		return command{verb: chat, text: words[1]}, nil
	}
	return command{verb: v}, nil
}
