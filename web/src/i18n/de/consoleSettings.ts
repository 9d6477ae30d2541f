export default {
  tabs: { account: "Ihr Konto", appearance: "Darstellung", keys: "Tasten", tokens: "API-Tokens", administrators: "Administratoren", installation: "Installation" },
  copy: "Kopieren", copied: "Kopiert", noClipboard: "Der Browser lässt Seiten hier nicht kopieren: Text auswählen und selbst kopieren.", kept: "Aufbewahrt",
  account: {
    may: "Rolle", mayNothing: "Keine Rolle", passwordSince: "Passwort seit", lastLogin: "Zuletzt angemeldet", password: "Passwort", oldPassword: "Jetziges Passwort", newPassword: "Neues Passwort",
    newPasswordHint: "Mindestens 10 Zeichen.", repeat: "Neues Passwort noch einmal", differs: "Es weicht vom oberen ab.", changePassword: "Passwort ändern", passwordDone: "Das Passwort ist geändert; die anderen Sitzungen sind beendet",
    sessions: "Sitzungen", session: "Von {{from}}, seit {{since}}, benutzt {{used}}", thisOne: "Diese", end: "Beenden", unknownBrowser: "Unbekannter Browser",
  },
  factor: {
    title: "Zweiter Faktor", on: "Zur Anmeldung gehört ein Code neben dem Passwort.", off: "Zur Anmeldung genügt das Passwort.", what: "Codes kommen aus einer Authenticator-App.", onTag: "An",
    begin: "Zweiten Faktor einschalten", remove: "Ausschalten", removeText: "Danach genügt das Passwort allein.", codes: "Wiederherstellungscodes", left_one: "{{count}} ist übrig.", left_other: "{{count}} sind übrig.",
    newCodes: "Neue Wiederherstellungscodes", newCodesText: "Die bisherigen gelten dann nicht mehr.", codesText: "Jeder gilt einmal anstelle eines Codes, wenn die App verloren ist. Sie werden nie wieder gezeigt: Bewahren Sie sie dort auf, wo Ihre Passwörter sind.",
    password: "Passwort", enrol: "Legen Sie in der Authenticator-App ein Konto mit diesem Geheimnis an, oder öffnen Sie den Link auf dem Gerät, das sie hat. Geben Sie dann den gezeigten Code ein.", secret: "Geheimnis", link: "In einer Authenticator-App öffnen", uri: "Dasselbe als Adresse",
    first: "Code, den die App zeigt", confirm: "Einschalten",
  },
  look: {
    title: "Darstellung und Sprache", language: "Sprache", browser: "Wie der Browser", clock: "Uhr", byLanguage: "Nach Region", theme: { title: "Farben", system: "Wie das System", light: "Hell", dark: "Dunkel" },
    density: { title: "Dichte", comfortable: "Bequem", compact: "Eng", roomy: "Weit" }, text: "Schriftgröße", contrast: { title: "Kontrast", system: "Wie das System", more: "Mehr" }, motion: { title: "Bewegung", system: "Wie das System", reduce: "Keine" },
  },
  keys: {
    single: "Tasten mit einem Buchstaben", singleHint: "Aus für alle, die zum Gerät sprechen oder deren Hände zittern.", search: "Zur Suche", add: "Neuer Eintrag", table: "Diese Tabelle", close: "Das Oberste schließen",
    before: "Wahl davor", next: "Nächste Wahl", press: "Drücken", scope: { lists: "Listen", choices: "Auswahl und Reiter", tracing: "Tracing" },
  },
  grants: {
    title: "Rollen", role: "Rolle", org: "Organisation", domain: "Domäne", add: "Rolle hinzufügen", drop: "Rolle entfernen",
    roles: { operator: "Betreiber", org_admin: "Administrator einer Organisation", domain_admin: "Administrator einer Domäne", auditor: "Prüfer einer Domäne", auditorOrg: "Prüfer einer Organisation", auditorAll: "Prüfer von allem" },
  },
  admins: {
    add: "Neuer Administrator", name: "Name", nameHint: "Buchstaben a bis z, Ziffern, dazwischen . - _ @ +.", passwordHint: "Leer bleibt es, wie es ist. Ein neues beendet die Sitzungen.", edit: "Rollen und Passwort", disable: "Sperren", enable: "Entsperren", disabled: "Gesperrt",
    resetFactor: "Zweiten Faktor ausschalten", resetTitle: "Zweiten Faktor von {{name}} ausschalten?", resetText: "Für jemanden, der ihn verloren hat. Danach genügt das Passwort allein.",
    remove: "Entfernen", removeTitle: "{{name}} entfernen?", removeText: "Sitzungen und Tokens enden. Das lässt sich nicht rückgängig machen.", more: "Was mit {{name}} geschehen soll", moreOf: "Mehr zeigen", lastLogin: "zuletzt angemeldet {{time}}", never: "nie angemeldet",
  },
  tokens: {
    add: "Neues Token", what: "Für Programme, im Header Authorization: Bearer. Ein Token darf nie mehr als sein Konto.", all: "Die von allen zeigen", none: "Es gibt kein Token.", revoke: "Widerrufen", revokeTitle: "{{name}} widerrufen?", revokeText: "Programme, die es verwenden, werden danach abgewiesen.",
    until: "bis {{date}}", forEver: "für immer", used: "benutzt {{date}}", unused: "nie benutzt", name: "Name", nameHint: "Für welches Programm es ist. Buchstaben a bis z, Ziffern, dazwischen . - _ @ +.", life: "Gültig", days_one: "{{count}} Tag", days_other: "{{count}} Tage", once: "Es wird nur dieses eine Mal gezeigt.", secret: "Token",
  },
  install: {
    version: "Version", api: "HTTP-API", apiHint: "Alles, was die Konsole tut, für Programme.", docs: "Beschreibung öffnen", key: "Hauptschlüssel", keyWhat: "Versiegelt Passwörter und Geheimnisse im Speicher.",
    rotate: "Schlüssel ersetzen", rotateTitle: "Hauptschlüssel ersetzen?", rotateText: "Ein neuer Schlüssel gilt sofort. Was unter dem alten versiegelt ist, wird im Hintergrund neu versiegelt, dann wird der alte vergessen. Danach gehört ein Backup gemacht.",
    running: "Läuft", resealing_one: "{{shown}} Zeile ist neu versiegelt.", resealing_other: "{{shown}} Zeilen sind neu versiegelt.", oldKeys_one: "{{count}} alter Schlüssel wird noch gebraucht.", oldKeys_other: "{{count}} alte Schlüssel werden noch gebraucht.", oneKey: "Alles ist unter einem Schlüssel versiegelt.",
    backup: "Backup", passphrase: "Passphrase", passphraseHint: "Mindestens 8 Zeichen. Mit ihr ist das Backup verschlüsselt und enthält den Hauptschlüssel; ohne sie nicht.", backupAct: "Backup herunterladen", backupBusy: "Das Backup entsteht",
    backupDone: "{{rows}} Zeilen sind gesichert, mit dem Hauptschlüssel.", backupBare: "{{rows}} Zeilen sind gesichert, ohne den Hauptschlüssel.",
    drain: "Anlage anhalten", drainWhat: "Anrufe auslaufen lassen, dann anhalten.", drainHint: "Niemand Neues kommt dann herein.", drainAct: "Langsam anhalten", drainTitle: "Die Anlage anhalten?", drainText: "Ab jetzt meldet sich niemand an und kein Anruf beginnt. Sie hält an, wenn ihre Anrufe zu Ende sind, spätestens nach dieser Zeit. Das lässt sich nicht zurücknehmen.",
    seconds: "Sekunden, bis sie spätestens anhält", draining: "Die Anlage hält spätestens {{time}} an.", callsLeft_one: "{{count}} Anruf lebt.", callsLeft_other: "{{count}} Anrufe leben.",
  },
};
