export default {
  search: "Suchen", count_one: "{{shown}} jetzt", count_other: "{{shown}} jetzt", match_one: "{{shown}} passt", match_other: "{{shown}} passen",
  none: { registrations: "Niemand ist registriert", calls: "Es gibt weder Anruf noch Chat" }, noMatch: "Nichts passt",
  name: "Name", domain: "Domäne", device: "Gerät", connection: "Verbindung", flags: "Flags", since: "Seit", inbox: "Inbox offen", yes: "Ja", no: "Nein",
  disconnect: "Trennen", disconnectOne: "Dieses Gerät von {{name}} trennen?", disconnectAll: "Alle Geräte von {{name}} trennen?", allOf: "Alle Geräte",
  disconnectText: "Die Registrierung endet und mit ihr die Anrufe. Der Client darf sofort wiederkommen, solange das Objekt nicht gesperrt ist.",
  disconnected_one: "{{count}} Registrierung beendet", disconnected_other: "{{count}} Registrierungen beendet", traceUser: "Diesen Benutzer tracen", traceConnection: "Diese Verbindung tracen", traceCall: "Diesen Anruf tracen",
  call: "Anruf", ofCall: "Anruf {{call}}", kind: "Art", kinds: { chat: "Chat", media: "Anruf", other: "Anderes" }, from: "Von", to: "An", state: "Zustand", texts: "Texte", legs: "Legs",
  connected: "Verbunden", ringing: "Klingelt", betweenInboxes: "Inboxen", release: "Auslösen", releaseTitle: "Anruf {{call}} von {{from}} an {{to}} auslösen?",
  releaseChat: "Die Anrufe des Chats enden. Gespeichertes geht nicht verloren; es kann sofort weitergeschrieben werden.", releaseCall: "Beide Seiten werden getrennt.",
};
