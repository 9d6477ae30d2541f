export default {
  number: "Nummer", time: "Zeit", actor: "Wer", act: "Handlung", object: "Was", outcome: "Ausgang", from: "Von Adresse", domain: "Domäne", reason: "Grund", member: "Feld", before: "Vorher", after: "Nachher",
  outcomes: { all: "Jeder Ausgang", done: "Getan", refused: "Abgelehnt", failed: "Gescheitert", begun: "Begonnen" },
  kinds: { operator: "Betreiber an der Maschine", account: "Konto", token: "Token", user: "Benutzer", system: "Anlage", nobody: "Niemand", app: "App" },
  none: "Kein Eintrag", download: "Herunterladen", asJson: "Als JSON-Zeilen", verify: "Prüfen", verifying: "Wird geprüft",
  whole: "Unversehrt: {{rows}} Zeilen, unterschrieben bis {{signed}}", fault: "Verändert von {{first}} bis {{last}}: {{detail}}",
};
