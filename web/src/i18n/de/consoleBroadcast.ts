export default {
  compose: "Neue Rundnachricht", sender: "Absender", senderHint: "Name der Person oder des Objekts, das schreibt. Antworten gehen dorthin.", receivers: "Empfänger",
  ways: { everybody: "Alle", template: "Vorlage", group: "Gruppe", names: "Namen" },
  names: "Namen der Empfänger", namesHint: "Mit Leerzeichen, Kommas oder Zeilen dazwischen; höchstens 10.000.",
  text: "Text", textHint: "HTML ohne Attribute, etwa <b> und <i>; Zeilen bleiben Zeilen.", preview: "So kommt sie an",
  would_one: "{{shown}} Person erhält sie.", would_other: "{{shown}} Personen erhalten sie.", unknown: "Ausgelassen: {{names}}.",
  review: "Prüfen", reviewTitle_one: "An {{shown}} Person senden?", reviewTitle_other: "An {{shown}} Personen senden?", send: "Senden",
  reason: "Grund", reasonHint: "Für das Prüfprotokoll. Zum Beispiel ein Ticket.", again: "Noch einmal senden: Niemand erhält sie doppelt.", done: "Die Rundnachricht ist gesendet",
  sentHere: "Von dieser Seite gesendet", nothingSent: "Hier steht, was aus Rundnachrichten geworden ist, bis die Seite geschlossen wird.",
  whom: { everybody: "an alle", template: "an Vorlage {{name}}", group: "an Gruppe {{name}}", names: "an gewählte Namen" },
  counts: { total: "Empfänger", sent: "Gesendet", delivered: "Zugestellt", read: "Gelesen", failed: "Gescheitert", unknown: "Ausgelassen" },
};
