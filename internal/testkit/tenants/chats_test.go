package tenants_test

// chatMessages are those of PbxMessages: what the switch answers itself, and what it
// passes on to the Messages service.
func chatMessages() []message {
	const api = "PbxMessages"
	list := []message{
		say(api, "Session", `"user":"{sip}","session":1,"dn":"{cn}"`),
		// What only switches say to the service is unknown from a client.
		say(api, "SessionEnd", `"session":1`).all(1),
		say(api, "Mark", `"user":"{sip}","guid":"{guid}","sip":"{my-sip}","id":1,"state":"read"`).all(1),
		say(api, "Unread", `"user":"{sip}","unread":5`).all(1),

		say(api, "ReadChats", ``, `"topic":"{sip}"`, `"topic":"{sip}","user":"{sip}","unread":true`),
		say(api, "ReadChat", `"sip":"{sip}"`, `"topic":"{sip}","sip":"{my-sip}"`, `"sip":"{group}"`, `"topic":"{sip}@{domain}","sip":"{sip}@{domain}"`),
		say(api, "SetRead", `"id":999999`).all(2),
		say(api, "Post", `"topic":"{sip}","text":"hello"`, `"topic":"{group}","text":"hello"`, `"topic":"{sip}?notes","text":"hello"`,
			`"topic":"{messages}","text":"hello"`, `"type":1,"author":"{sip}","notify":["{sip}"],"text":"forged"`).all(failing),
		say(api, "Post", `"text":"mine","notify":["{sip}"]`, `"author":"{sip}","text":"as somebody"`).all(free),
		say(api, "Update", `"id":999999,"text":"x"`).all(failing),
		say(api, "Delete", `"id":999999`).all(failing),
		say(api, "Attachments", `"id":999999`),
		say(api, "CreateFileBuffer", `"name":"a.txt"`),
		say(api, "DeleteFileBuffer", `"id":999999`).all(2),

		say(api, "SetFilter", `"filter":{"topics":["{sip}"],"authors":["{sip}"]}`, `"filter":{"op":"or","topics":["{group}","{messages}"],"notifies":["{sip}"]}`),
		say(api, "GetMore", `"count":5`),
		say(api, "Discussion", `"discussion":999999`),
		say(api, "ReadTopics", ``),
		say(api, "WriteTopic", `"sip":"{sip}?mine","dn":"Mine"`).all(2),
		say(api, "WriteTopic", `"id":999999,"dn":"Mine"`).all(2),
		say(api, "ReadGroups", ``),
		say(api, "WriteGroup", `"dn":"Team"`).all(free),
		say(api, "WriteGroup", `"id":999999,"dn":"Mine"`).all(2),
		say(api, "WriteMember", `"grp":"{group}","member":"{my-sip}"`, `"grp":"{group}","id":1`).all(2),
		say(api, "WriteMember", `"grp":"{my-group}","member":"{sip}"`).all(free),
		say(api, "ReadMembers", `"grp":"{group}"`).all(2),

		say(api, "Sync", ``),
		say(api, "Sync", `"since":"{token}"`).all(free),
		say(api, "Search", `"text":"{word}"`, `"topic":"{sip}","text":"{word}"`, `"sip":"{sip}","text":"{word}"`),
		say(api, "ReadMarks", `"id":999999`).all(2),
		say(api, "React", `"id":999999,"emoji":"👍","on":true`).all(2),
		say(api, "Pin", `"id":999999,"on":true`).all(2),
		say(api, "ReadPins", `"sip":"{sip}"`, `"grp":"{group}"`),
		say(api, "Like", `"id":999999,"on":true`).all(2),
		say(api, "SetDraft", `"sip":"{sip}","text":"draft"`).all(free),
		say(api, "SetDraft", `"grp":"{group}","text":"draft"`).all(2),
		say(api, "Broadcast", `"key":"k","to":["{sip}","{sip}@{domain}"],"text":"all"`).all(free),
		say(api, "Broadcast", `"key":"g","grp":"{group}","text":"all"`).all(2),
		say(api, "ReadBroadcast", `"id":999999`).all(2),
	}
	for _, mt := range []string{"SetGroup", "Join", "Leave"} {
		list = append(list, say(api, mt, `"grp":"{group}","dn":"Mine"`).all(2))
	}
	for _, mt := range []string{"Invite", "Kick", "Ban", "Mute", "Grant"} {
		list = append(list, say(api, mt, `"grp":"{group}","member":"{my-sip}","role":"owner","on":true,"until":4102444800000`).all(2))
	}
	for i := range list {
		if list[i].mt == "Session" {
			list[i].src = "s" // what carries it later is about the session
		}
		// An App object stores no chats; what is unknown is so for everybody.
		for j := range list[i].says {
			if s := &list[i].says[j]; s.program != 1 {
				s.program = 3
			}
		}
	}
	return list
}
