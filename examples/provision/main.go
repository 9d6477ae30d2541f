// Command provision makes or changes the users of a domain as an app object with
// the right to PbxAdminApi (docs/pbxadmin.md). It reads lines of a name, a number
// and a long name, and finds users by their long name:
//
//	echo 'bob 102 Bob Miller' | MANAGER_PASSWORD=... provision ws://127.0.0.1:8080/PBX0/APPS/websocket
//
// It is an example with public packages only; nothing runs concurrently.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/tandem-switch/tandem/appservice"
)

// object is an UpdateObject with the members that are set here; all others stay
// as they are.
type object struct {
	API  string `json:"api"`
	MT   string `json:"mt"`
	GUID string `json:"guid,omitempty"` // "?": by the long name, or a new one
	CN   string `json:"cn,omitempty"`
	SIP  string `json:"h323,omitempty"`
	Num  string `json:"e164,omitempty"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: provision URL")
	}
	ctx := context.Background()
	client, err := appservice.Dial(ctx, appservice.DialConfig{
		URL: os.Args[1], Login: appservice.PasswordLogin("manager", ""), Password: os.Getenv("MANAGER_PASSWORD"),
	})
	if err != nil {
		log.Fatal(err)
	}
	people := bufio.NewScanner(os.Stdin)
	for people.Scan() {
		words := strings.SplitN(people.Text(), " ", 3)
		if len(words) < 3 {
			log.Fatalf("%q is not like: bob 102 Bob Miller", people.Text())
		}
		o := object{API: "PbxAdminApi", MT: "UpdateObject", GUID: "?", SIP: words[0], Num: words[1], CN: words[2]}
		said, err := update(ctx, client, o)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %s\n", o.CN, said)
	}
	if err := people.Err(); err != nil {
		log.Fatal(err)
	}
}

// update says one UpdateObject and tells what has come of it.
func update(ctx context.Context, client *appservice.Client, o object) (string, error) {
	answer, err := client.Call(ctx, o)
	if err != nil {
		return "", err
	}
	var result struct {
		GUID      string `json:"guid"`
		Error     int    `json:"error"`
		ErrorText string `json:"errorText"`
	}
	if err := answer.Decode(&result); err != nil {
		return "", err
	}
	switch {
	case result.Error != 0:
		return fmt.Sprintf("error %d: %s", result.Error, result.ErrorText), nil
	case result.GUID != "":
		return "made " + result.GUID, nil
	}
	return "changed", nil
}
