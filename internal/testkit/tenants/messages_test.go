package tenants_test

import "slices"

// message is one that a client may send, with what it says.
type message struct {
	api, mt string
	says    []saying
	src     string // "w" if empty
	absent  bool   // in the contract, but not in this switch: nobody may anything
	last    bool   // ends the login, so it comes when everything else has been said
}

// saying is the members of a message, and what becomes of it. In members, {name} is
// a value of whom it is about: an object of the own domain, of the other domain, or
// of none; {my-name} is always one of the own domain, {fresh} a name that is not
// taken yet.
type saying struct {
	members string
	// The outcomes for App objects and for people, where they may use the API and
	// the message is about the own domain.
	program, person outcome
}

// outcome is what an answer says: the number of a failure, or one of the following.
type outcome int

const (
	good    outcome = 0  // the result, without error
	silence outcome = -1 // no answer, by the contract
	free    outcome = -2 // anything: calls, and what is open before the login
	failing outcome = -3 // a result whose error is a text, or true
)

// say is a message that everybody who may use the API can send.
func say(api, mt string, members ...string) message {
	m := message{api: api, mt: mt}
	for _, text := range members {
		m.says = append(m.says, saying{text, good, good})
	}
	return m
}

// with changes the outcome of what was said last.
func (m message) with(program, person outcome) message {
	last := &m.says[len(m.says)-1]
	last.program, last.person = program, person
	return m
}

// all gives every saying the outcome.
func (m message) all(o outcome) message {
	for i := range m.says {
		m.says[i].program, m.says[i].person = o, o
	}
	return m
}

// gone is a message of the contract that this switch does not have.
func gone(api, mt, members string) message {
	return message{api: api, mt: mt, absent: true, says: []saying{{members: members}}}
}

// messages are all messages that clients may send after the login, in the order in
// which they are walked.
func messages() []message {
	var list []message
	for _, part := range [][]message{adminMessages(), objectMessages(), tableMessages(), serviceMessages(), pbxMessages(), profileMessages(), signalMessages(), chatMessages(), doorMessages(), absentMessages()} {
		list = append(list, part...)
	}
	return list
}

func adminMessages() []message {
	const api = "PbxAdminApi"
	return []message{
		say(api, "GetNormalizedNumber", `"guid":"{guid}"`, `"h323":"{sip}","from-guid":"{my-guid}"`, `"guid":"{my-guid}","from-h323":"{sip}"`, `"cn":"{cn}","from-cn":"{cn}"`),
		say(api, "GetPbxConfig", ``),
		say(api, "GetPbxLicenses", ``),
		say(api, "GetPhoneConfig", `"guid":"{guid}"`, `"cn":"{cn}"`).all(9),
		say(api, "GetRegs", `"guid":"{guid}"`, `"cn":"{cn}"`),
		say(api, "GetApps", ``, `"more":"{app}","limit":20`),
		say(api, "GetAppObjects", ``, `"uri":"{url}"`, `"pseudo":"app"`),
		say(api, "GetConfigObjects", ``, `"more":"{cn}"`),
		say(api, "GetPseudoObjects", `"pseudo":"app"`, `"pseudo":"messages"`, `"pseudo":"push"`, `"pseudo":"broadcast"`, `"pseudo":"gw"`, `"pseudo":"config"`),
		say(api, "SearchUsers", ``, `"cn":"{cn}"`, `"cn":"{cn}","includeMatch":true`),
		say(api, "GetAppLogin", `"app":"{app}","challenge":"1234"`),
		say(api, "GetGroup", `"grp":"{grp}"`),
		say(api, "GetRPs", ``),
		say(api, "GetNodes", ``),
		say(api, "GetLocation", ``, `"loc":"{loc}"`).with(2, 2), // there is one location, the switch
		say(api, "GetConfigs", ``),
		say(api, "GetFilters", ``),
		say(api, "GetGroups", ``),
		say(api, "GetBooleans", ``),
		say(api, "GetPush", ``),
		say(api, "GetMessages", ``),
		say(api, "GetStun", ``),
		say(api, "GetAppLics", ``),
		say(api, "CheckAppLic", `"guid":"{guid}","lic":"App({app})"`, `"cn":"{cn}","lic":"App({app})"`, `"h323":"{sip}","lic":"App({app})"`),
		say(api, "MonitorConfig", ``),
		say(api, "MonitorAdminObject", ``),
		say(api, "MonitorUnallowed", ``).all(9),
	}
}

// objectMessages see and change objects.
func objectMessages() []message {
	const api = "PbxAdminApi"
	return []message{
		say(api, "GetObject", `"guid":"{guid}"`, `"cn":"{cn}"`, `"h323":"{sip}"`, `"guid":"{guid}","template":true,"properties":["e164","dn","text","grp","devices","presence","cds","pseudo"]`,
			`"guid":"{template}"`, `"guid":"{app-guid}"`, `"guid":"{hunt}"`),
		say(api, "UpdateObject",
			`"guid":"{guid}","text":"remark"`, `"guid":"*","cn":"{cn}","text":"remark"`,
			`"h323":"{fresh}","template":"{template-cn}"`, `"h323":"{fresh}","copyPwd":"{app}","pseudo":{"type":"app"}`,
			`"guid":"{my-guid}","config":"{template-cn}"`, `"guid":"{my-guid}","messages":"{messages}"`, `"guid":"{my-guid}","push":"{push}"`,
			`"guid":"{my-guid}","filter":"{filter}"`, `"guid":"{my-guid}","node":"{node}"`, `"guid":"{my-guid}","apps":"{app}"`,
			`"guid":"{my-guid}","grp":[{"name":"{grp}"}]`, `"guid":"{my-guid}","allows":[{"name":"{sip}","visible":true,"presence":true}]`,
			`"guid":"{my-guid}","cds":[{"type":"cfu","h323":"{sip}"}]`, `"guid":"{my-guid}","cds":[{"type":"cfu","e164":"{num}"}]`,
			`"guid":"{my-guid}","grp":[],"cds":[],"allows":[],"config":"","filter":"","node":"","messages":"","push":""`),
		say(api, "DeleteObject", `"guid":"{victim}"`),
	}
}

func tableMessages() []message {
	const api = "PbxTableUsers"
	return []message{
		say(api, "ReplicateStart", `"guid":"{guid}","usn":"1","pseudo":["","app","messages","push","broadcast","gw","config"],"add":true,"del":true`,
			`"pseudo":["","app","messages","push","broadcast","gw","config"],"add":true,"del":true`),
		say(api, "ReplicateNext", slices.Repeat([]string{``}, 40)...), // every row
		say(api, "ReplicateAdd", `"columns":{"h323":"{fresh}","cn":"{cn}","guid":"{guid}"}`).all(silence),
		say(api, "ReplicateUpdate", `"columns":{"guid":"{guid}","dn":"other","pwd":"other"}`).all(silence),
		say(api, "ReplicateDel", `"columns":{"guid":"{guid}"}`).all(silence),
	}
}

func serviceMessages() []message {
	const api = "Services"
	return []message{
		say(api, "SubscribeServices", ``),
		say(api, "GetServiceLogin", `"app":"{service}","challenge":"1234"`),
		say(api, "UnsubscribeServices", ``),
		say(api, "SubscribeServices", ``), // for what happens later
	}
}

func pbxMessages() []message {
	const api = "PbxApi"
	return []message{
		say(api, "UnsubscribePresence", `"sip":"{sip}"`, `"num":"{num}"`),
		say(api, "SubscribePresence", `"sip":"{sip}"`, `"num":"{num}"`, `"sip":"{sip}@{domain}"`),
		{api: api, mt: "SetPresence", says: []saying{
			{`"contact":"tel:","activity":"away","note":"back soon"`, 2, good}, // an App object shows none
			{`"sip":"{sip}","contact":"tel:","note":"forged"`, good, 13},
			{`"guid":"{guid}","contact":"tel:","note":"forged"`, good, 13},
		}},
		say(api, "GetNodeInfo", ``),
		say(api, "SearchPeople", `"text":"{sip}"`, `"text":"{num}"`),
		say(api, "AddAlienCall", ``),
		say(api, "DelAlienCall", `"id":1`, `"id":999999`).all(free).with(2, 2),
		{api: api, mt: "AddDiversion", says: []saying{
			{`"sip":"{sip}","type":"cfnr","ep-sip":"{my-sip}"`, good, 13},
			{`"guid":"{guid}","type":"cfnr","ep-num":"{num}"`, good, 13},
			{`"type":"cfnr","ep-sip":"{sip}"`, free, good}, // an App object has none
		}},
		{api: api, mt: "GetDiversion", says: []saying{
			{`"sip":"{sip}","type":"cfnr"`, good, 13}, {`"guid":"{guid}","type":"cfnr"`, good, 13}, {`"type":"cfnr"`, good, good},
		}},
		{api: api, mt: "DelDiversion", says: []saying{
			{`"sip":"{sip}","type":"cfnr"`, good, 13}, {`"guid":"{guid}","type":"cfnr"`, good, 13}, {`"type":"cfnr"`, good, good},
		}},
		say(api, "AppNotify", `"sip":"{sip}","link":"x","title":"y","text":"z"`).all(failing),
	}
}

func profileMessages() []message {
	const api = "PbxApi"
	return []message{
		say(api, "SubscribeProfile", ``),
		say(api, "AddProfile", `"name":"friends"`).with(2, good), // an App object has none
		{api: api, mt: "UpdateProfile", says: []saying{{`"name":"colleagues"`, 2, good}, {`"id":999999,"name":"forged"`, 2, 2}}},
		{api: api, mt: "AddProfileContact", says: []saying{{`"contact":{"sip":"{sip}","dn":"contact"}`, 2, good}, {`"id":999999,"contact":{"sip":"{sip}"}`, 2, 2}}},
		say(api, "UpdateProfileContact", `"contact":{"id":2,"sip":"{sip}"}`, `"id":999999,"contact":{"id":1}`).all(free),
		say(api, "DelProfileContact", `"contact":{"id":2}`, `"id":999999,"contact":{"id":999999}`).all(free),
		say(api, "DelProfile", `"id":999999`).all(2),
		say(api, "UnsubscribeProfile", ``),
		say(api, "SubscribeProfile", ``), // for what happens later
	}
}

func signalMessages() []message {
	const api = "PbxSignal"
	return []message{
		say(api, "Register", ``, `"hw":"{hw}"`, `"flags":"NO_MEDIA_CALL|IM_EXT"`).all(free).with(good, good),
		say(api, "Signaling",
			`"call":5,"sig":{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"sip":"{sip}"},"fty":[{"type":"im_setup"}]}`,
			`"call":5,"sig":{"type":"facility","fty":[{"type":"im_message","mime":"text/html","data":"hello"}]}`,
			`"call":5,"sig":{"type":"rel","cau":{"num":16}}`,
			`"call":6,"sig":{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"num":"{num}"},"fty":[{"type":"im_setup"}]}`,
			`"call":6,"sig":{"type":"rel","cau":{"num":16}}`,
			`"call":7,"sig":{"type":"setup","bc":"a880","channel":0,"complete":true,"cd":{"sip":"{sip}@{domain}"},"cg":{"sip":"{sip}"},"fty":[{"type":"im_setup"}]}`,
			`"call":7,"sig":{"type":"rel","cau":{"num":16}}`,
			`"call":-5,"sig":{"type":"facility","fty":[{"type":"im_message","chat":"{sip}","data":"hello"}]}`,
			`"call":8,"sig":{"type":"setup","cd":{"sip":"{hunt-sip}"},"fty":[{"type":"im_setup"}],"channel":0}`,
			`"call":8,"sig":{"type":"rel","cau":{"num":16}}`,
		).all(free),
	}
}

// doorMessages are those without api, of people at the myApps door.
func doorMessages() []message {
	return []message{
		say("", "CheckBuild", `"url":"https://{domain}/x"`).all(free), // open to everybody, as far as the next one
		say("", "SubscribeRegister", ``).all(free),
		say("", "LoginInfo", ``).all(free),
		say("", "Login", `"type":"user"`).all(free),
		say("", "LoginCancel", ``).all(free),
		say("", "SetUserActivity", `"inactive":true`, `"inactive":false`).all(silence),
		say("", "SetOwnPresence", `"activity":"away","note":"back"`).all(silence),
		say("", "SubscribePresence", `"sip":"{sip}"`, `"num":"{num}"`, `"sip":"{sip}@{domain}"`).all(silence),
		say("", "UnsubscribePresence", `"sip":"{my-sip}"`).all(silence),
		say("", "AuthorizeSession", `"id":"{session}"`).all(1), // of another person
		say("", "DeleteSession", `"id":"{session}"`).all(1),
		say("", "SetSessionInfo", `"token":"x","wake":["call"]`).all(silence), // SessionUpdated
		say("", "SubscribeApps", ``).all(silence),                             // UpdateAppsInfo
		say("", "SetApps", `"home":"{app}"`).all(silence),
		say("", "AppGetLogin", `"app":"{app}","challenge":"1234"`),
		say("", "AppGetLogin", `"app":"dev:{hw}","challenge":"1234"`).all(2), // the device of another person
		{mt: "Logout", says: []saying{{}}, last: true},
	}
}

// absentMessages stand for APIs that the switch does not have yet.
func absentMessages() []message {
	return []message{
		gone("RCC", "Initialize", ``),
		gone("RCC", "UserInitialize", `"cn":"{cn}"`),
		gone("EpSignal", "Attach", `"hw":"{hw}"`),
		gone("PbxImpersonation", "CreateApi", `"sip":"{sip}","target":"PbxApi"`),
	}
}
