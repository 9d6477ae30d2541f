export default {
  domain: "Domäne", state: "Zustand", people: "Gespeicherte", of: "{{some}} von {{all}}", messages: "Nachrichten", conversations: "Unterhaltungen", texts: "Texte", files: "Dateien", fileBytes: "Größe der Dateien", index: "Suchindex",
  modes: { embedded: "Die Anlage speichert selbst", external: "App-Dienste speichern", off: "Chats werden nicht gespeichert" },
  states: { stored: "Gespeichert", waiting: "Wartet auf den Dienst", unlicensed: "Keine Lizenz", disabled: "Gesperrt", taken: "Name vergeben", none: "Kein Messages-Objekt", off: "Aus" },
  noDomain: "Es gibt keine Domäne", rebuild: "Suchindex neu aufbauen", rebuildTitle: "Den Suchindex von {{domain}} neu aufbauen?", rebuildText: "Bis er fertig ist, findet die Suche weniger; sonst ändert sich nichts.",
  removed: "Von entfernten Domänen", forget: "Endgültig löschen", forgetTitle: "Die Chats von {{name}} endgültig löschen?", forgetText: "Alle Nachrichten und Dateien der entfernten Domäne. Das ist nicht rückgängig zu machen.",
  rules: "Regeln", rule: "Aufbewahrungsregel", newRule: "Neue Regel", editRule: "Regel ändern", dropRule: "Regel entfernen", ruleDropped: "Die Regel ist weg", noRule: "Ohne Regel wird alles aufbewahrt.",
  ofAll: "Alle Chats der Domäne", ofConversation: "Unterhaltung {{id}}", messagesFor: "Nachrichten {{time}}", filesFor: "Dateien {{time}}", forEver: "für immer", days_one: "{{shown}} Tag", days_other: "{{shown}} Tage",
  conversation: "Unterhaltung", conversationHint: "Ihre Nummer; leer gilt für alle Chats der Domäne.", messageDays: "Tage für Nachrichten", fileDays: "Tage für Dateien", zero: "0 ist für immer.",
  dryRun: "Was jetzt gelöscht würde", wouldDelete: "{{messages}} Nachrichten und {{files}} Dateien ({{bytes}}) würden gelöscht; {{held}} sind gesperrt und bleiben.",
  deleted: "{{messages}} Nachrichten und {{files}} Dateien ({{bytes}}) sind gelöscht; {{held}} sind gesperrt.", deletedMore: "{{messages}} Nachrichten und {{files}} Dateien ({{bytes}}) sind gelöscht. Es gibt mehr: noch einmal starten.", deleteNow: "Jetzt löschen",
  holds: "Löschsperren", newHold: "Neue Sperre", endHold: "Sperre aufheben", endHoldTitle: "Die Sperre für {{whose}} aufheben?", endHoldText: "Regeln und Menschen können diese Nachrichten dann löschen.", noHold: "Nichts ist gesperrt.",
  holdHint: "Eine Person oder eine Unterhaltung nennen. Nichts davon kann gelöscht werden, bis die Sperre endet.", person: "Name der Person", note: "Notiz", byConsole: "Konsole",
};
