export default {
  span: "Zeitraum", spans: { "15m": "15 min", "6h": "6 h", "7d": "7 Tage" },
  old: "Was hier steht, ist von {{time}}.",
  down_one: "{{count}} von {{of}} App-Diensten ist nicht verbunden", down_other: "{{count}} von {{of}} App-Diensten sind nicht verbunden",
  registrations: "Registrierungen", inThatTime: "in dieser Zeit", callsNow: "Anrufe jetzt", chatsNow_one: "{{count}} Chat", chatsNow_other: "{{count}} Chats",
  messages: "Nachrichten", perSecond: "pro s", ofThemStored: "davon {{rate}} gespeichert", drops: "Verworfen", noDrops: "Keine in der letzten Stunde", noDropsHour: "Nichts wurde verworfen.",
  memory: "Arbeitsspeicher", upFor: "Läuft seit {{time}}", messagesPerSecond: "Nachrichten pro Sekunde", delivered: "Zugestellt", stored: "Gespeichert",
  dropsByReason: "Verworfen nach Grund", lastHour: "letzte Stunde", services: "App-Dienste", firstOf: "die ersten 5 von {{count}}", noServices: "Kein App-Dienst ist mit der Anlage verbunden.",
  inProcess: "im selben Prozess", connecting: "verbindet", isDown: "getrennt", store: "Datenbank", commit: "Commit, Mittel", perCommit: "Änderungen je Commit", free: "Frei auf der Platte", none: "keiner",
  licences: "Lizenzen in Gebrauch", oneJack: "eine Buchse ist {{count}}", unlimited: "Keine Lizenz zählt Benutzer: alle haben alles.", usedOf: "{{used}} von {{of}}",
  lately: "Zuletzt", all: "Alle Ereignisse", nothing: "Noch wurde nichts geändert.",
};
