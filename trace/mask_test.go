package trace

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing private", `{"mt":"AppChallengeResult", "challenge":"0123"}`, `{"mt":"AppChallengeResult", "challenge":"0123"}`},
		{"login", `{"mt":"Login","username":"a","nonce":"n","response":"r"}`, `{"mt":"Login","username":"a","nonce":"n","response":"***"}`},
		{"in any case and escaped", `{"PassWord":"x","p\u0077d":"y","turnPwd":"z"}`, `{"PassWord":"***","p\u0077d":"***","turnPwd":"***"}`},
		{"part of a name", `{"newpassword":"x","access_token":"y","clientSecret":"z"}`, `{"newpassword":"***","access_token":"***","clientSecret":"***"}`},
		{"any type", `{"key":12,"usr":["a",{"b":"]"}],"pwd":{"x":"}"},"token" : "t","digest":true}`,
			`{"key":"***","usr":"***","pwd":"***","token" : "***","digest":true}`},
		{"session", `{"session":{"usr":"00","pwd":"11"},"user":{"sip":"a"}}`, `{"session":{"usr":"***","pwd":"***"},"user":{"sip":"a"}}`},
		{"push", `{"mt":"SetSessionInfo","token":"t","subscription":{"endpoint":"https://p/x","keys":{"p256dh":"a","auth":"b"}},"pushToken":["t"]}`,
			`{"mt":"SetSessionInfo","token":"***","subscription":{"endpoint":"***","keys":"***"},"pushToken":"***"}`},
		{"headers", `{"Authorization":"Bearer x","Set-Cookie":"a=b","credentials":{"a":1},"passphrase":"x"}`,
			`{"Authorization":"***","Set-Cookie":"***","credentials":"***","passphrase":"***"}`},
		{"media", `{"channels":[{"ice":{"ufrag":"u","pwd":"p"},"key":{"tag":1,"b":"00ff"}}],"sdp":"v=0 a=ice-pwd:x","srtp":"a=crypto:1 x"}`,
			`{"channels":[{"ice":{"ufrag":"u","pwd":"***"},"key":"***"}],"sdp":"(15 bytes)","srtp":"(12 bytes)"}`},
		{"stun", `{"turn":[{"turnUsr":"u","turnPwd":"p"}],"api_key":"x","privateKey":"x"}`,
			`{"turn":[{"turnUsr":"u","turnPwd":"***"}],"api_key":"***","privateKey":"***"}`},
		{"bodies", `{"type":"im_message","data":"Hi \"Bob\"","alt":"x","subject":"","text":null}`,
			`{"type":"im_message","data":"(10 bytes)","alt":"(1 bytes)","subject":"(0 bytes)","text":null}`},
		{"value that is a secret's name", `{"method":"digest"}`, `{"method":"digest"}`},
		{"query of a URL", `{"url":"http://h/f?t=1#x","p":"http://h?t=1","s":"what?"}`, `{"url":"http://h/f?***","p":"http://h?***","s":"what?"}`},
		{"query of a path", `{"url":"/f?t=1","attach":["a.png?t=1"],"App_URL":"f?t","s":"<b>and/or</b>, there?"}`,
			`{"url":"/f?***","attach":["a.png?***"],"App_URL":"f?***","s":"<b>and/or</b>, there?"}`},
		{"URLs in a text", `{"s":"x? wss://a:b@h/x?t=1<br>http://h/y? why? ftp://h/a@b"}`, `{"s":"x? wss://***@h/x?***<br>http://h/y?*** why? ftp://h/a@b"}`},
		{"credentials in a URL", `{"url":"ws://a:b@h/x"}`, `{"url":"ws://***@h/x"}`},
		{"escaped URL", `{"url":"http:\/\/h\/f\u003ft=1"}`, `{"url":"http://h/f?***"}`},
		{"JSON in a string", `{"info":"{\"pwd\":\"x\"}","x":"{\"text\":\"y\"}"}`, `{"info":"(15 bytes)","x":"(16 bytes)"}`},
		{"form in a string", `{"form":"a=b&password=x"}`, `{"form":"(14 bytes)"}`},
		{"string without end", `{"password":"abc`, `{"password":"***"`},
		{"body without end", `{"data":"abc`, `{"data":"(3 bytes)"`},
		{"object without end", `{"pwd":{"a":"b"`, `{"pwd":"***"`},
		{"quote in a body", `{"data":"he said "hello" to me"}`, `{"data":"(8 bytes)"*** (14 bytes)`},
		{"no colon", `{"password" "hunter2"}`, `{"password"*** (11 bytes)`},
		{"unreadable name", `{"p\qwd":"x"}`, `{"p\qwd":"***"}`},
		{"no value", `{"pwd":`, `{"pwd":`},
		{"no JSON", `hello`, `hello`},
		{"form", `user=a&password=b`, `user=a&*** (10 bytes)`},
		{"other quotes", `{'pwd':'x'}`, `{'*** (9 bytes)`},
		{"escape in junk", `hello \u0070wd`, `hello *** (8 bytes)`},
		{"query in junk", `GET /x?a=b`, `GET /x*** (4 bytes)`},
		{"junk in upper case", `PASSWORD=x`, `*** (10 bytes)`},
		{"number of a secret", `{"pwd":1234 5678}`, `{"pwd":"***"}`},
		{"empty", ``, ``},
		{"no UTF-8", "\"a\xff\"", "\"a\uFFFD\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mask([]byte(tt.in), false); got != tt.want {
				t.Errorf("mask(%s)\n got %s\nwant %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestMaskWithContent(t *testing.T) {
	in := `{"data":"press any \"key\"","text":"see http://h/f?t=1","pwd":"x"}`
	want := `{"data":"press any \"key\"","text":"see http://h/f?***","pwd":"***"}`
	if got := mask([]byte(in), true); got != want {
		t.Errorf("mask(%s)\n got %s\nwant %s", in, got, want)
	}
	in = `{"data":"yes/no, <i>there</i>? Are you?","text":"?"}`
	if got := mask([]byte(in), true); got != in {
		t.Errorf("mask(%s) = %s", in, got)
	}
}

func TestMaskIsBounded(t *testing.T) {
	for _, unit := range []string{"x", `"a",`, "[", `{"pwd":`, `{"data":"x"},`, `"`, `\`, "/?", "\xff", `"pwd":{`, `"a":"`} {
		in := strings.Repeat(unit, 200_000/len(unit))
		if got := mask([]byte(in), false); len(got) > 3*maxText+64 {
			t.Errorf("%q repeated gave %d bytes", unit, len(got))
		}
	}
	if got := mask([]byte(`"`+strings.Repeat("x", 2*maxText)+`"`), false); !strings.HasSuffix(got, "x (cut, of 32770 bytes)") {
		t.Errorf("ends with %q", got[len(got)-40:])
	}
}

// FuzzMask puts a secret into places that fuzzing finds and expects not to see it
// again, in valid JSON of any shape.
func FuzzMask(f *testing.F) {
	for _, s := range []string{`{"a":1}`, `[`, `"pwd":"x`, `{"a":"b?c/d"}`, `\`, "x=1", `{"a":"{\"pwd\":1}"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := mask([]byte(s), false); !utf8.ValidString(got) || len(got) > 3*maxText+64 {
			t.Errorf("mask(%q) = %q", s, got)
		}
		if !json.Valid([]byte(s)) || strings.Contains(s, "hunter2") || len(s) > maxText/2 {
			return
		}
		in := `{"x":` + s + `,"pwd":"hunter2","y":{"Token":["hunter2"]},"session":{"usr":"hunter2"},"turnPwd":"hunter2",` +
			`"key":{"b":"hunter2"},"digest":"hunter2","response":"hunter2","endpoint":"hunter2","p":["https://hunter2@h/f?hunter2"],` +
			`"url":"f?hunter2","info":"{\"pwd\":\"hunter2\"}","form":"a=b&password=hunter2","sdp":"a=ice-pwd:hunter2"`
		for _, content := range []bool{false, true} {
			whole := in + `,"data":"hunter2","text":"hunter2","alt":"hunter2","subject":"hunter2"}`
			if content { // bodies are shown then
				whole = in + `,"data":"{\"token\":\"hunter2\"}","text":"http://h/f?hunter2"}`
			}
			if got := mask([]byte(whole), content); strings.Contains(got, "hunter2") || !json.Valid([]byte(got)) {
				t.Errorf("mask(%s) = %s", whole, got)
			}
		}
	})
}
