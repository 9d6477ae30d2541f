export default {
  search: "Search", count_one: "{{shown}} now", count_other: "{{shown}} now", match_one: "{{shown}} matches", match_other: "{{shown}} match",
  none: { registrations: "Nobody is registered", calls: "There is no call and no chat" }, noMatch: "Nothing matches",
  name: "Name", domain: "Domain", device: "Device", connection: "Connection", flags: "Flags", since: "Since", inbox: "Inbox open", yes: "Yes", no: "No",
  disconnect: "Disconnect", disconnectOne: "Disconnect this device of {{name}}?", disconnectAll: "Disconnect all devices of {{name}}?", allOf: "All devices",
  disconnectText: "The registration ends and its calls with it. The client may come back at once, unless the object is disabled.",
  disconnected_one: "{{count}} registration ended", disconnected_other: "{{count}} registrations ended", traceUser: "Trace this user", traceConnection: "Trace this connection", traceCall: "Trace this call",
  call: "Call", ofCall: "Call {{call}}", kind: "Kind", kinds: { chat: "Chat", media: "Call", other: "Other" }, from: "From", to: "To", state: "State", texts: "Texts", legs: "Legs",
  connected: "Connected", ringing: "Ringing", betweenInboxes: "Inboxes", release: "Release", releaseTitle: "Release call {{call}} from {{from}} to {{to}}?",
  releaseChat: "The chat's calls end. Nothing that is stored is lost; people may write again at once.", releaseCall: "Both sides are disconnected.",
};
