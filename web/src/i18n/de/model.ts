// The sentences of the model (client/model/words.ts).
export default {
  send: {
    unknown: "Niemand heißt so.",
    absent: "Niemand ist da, und in diesem Chat wird nichts aufbewahrt.",
    declined: "Die andere Seite hat abgelehnt.",
    line: "Die Verbindung ging verloren.",
    busy: "Speichern war nicht möglich. Versuchen Sie es später noch einmal.",
    file: "Die Datei lässt sich hier nicht senden.",
    nofiles: "Dateien brauchen gespeicherte Chats, und dafür fehlt die Lizenz.",
    group: "Gruppen sind nicht in der Lizenz.",
    forbidden: "Hier dürfen Sie nicht schreiben.",
    format: "Kein Gerät dort kann das zeigen.",
    long: "Die Nachricht ist zu lang oder leer.",
    other: "Zustellen war nicht möglich (Grund {{cause}}).",
  },
  upload: {
    failed: "Die Datei ließ sich nicht senden.",
    size: "Die Datei ist zu groß.",
    quota: "Für die Datei ist kein Platz.",
    gone: "Die Datei ist nicht mehr auf diesem Gerät.",
  },
  act: {
    line: "Es gibt keine Verbindung. Versuchen Sie es, wenn die Leitung wieder da ist.",
    missing: "Das gibt es nicht mehr.",
    forbidden: "Das dürfen Sie nicht.",
    limit: "Eine Grenze ist erreicht.",
    invalid: "Das ist nicht möglich.",
    away: "Der Speicher ist nicht erreichbar. Versuchen Sie es später noch einmal.",
    volatile: "Hier wird nichts aufbewahrt, darum ist das nicht möglich.",
    failed: "Das ging nicht. Versuchen Sie es später noch einmal.",
  },
  store: {
    memory: "Dieser Browser bewahrt nichts auf: was wartet, geht beim Schließen der Seite verloren.",
  },
};
