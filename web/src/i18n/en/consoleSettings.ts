export default {
  tabs: { account: "Your account", appearance: "Appearance", keys: "Keys", tokens: "API tokens", administrators: "Administrators", installation: "Installation" },
  copy: "Copy", copied: "Copied", noClipboard: "The browser does not let pages copy here: choose the text and copy it yourself.", kept: "I have kept it",
  account: {
    may: "Role", mayNothing: "No role", passwordSince: "Password since", lastLogin: "Signed in last", password: "Password", oldPassword: "Present password", newPassword: "New password",
    newPasswordHint: "At least 10 characters.", repeat: "New password once more", differs: "It differs from the one above.", changePassword: "Change the password", passwordDone: "The password is changed; your other sessions have ended",
    sessions: "Sessions", session: "From {{from}}, since {{since}}, used {{used}}", thisOne: "This one", end: "End", unknownBrowser: "Unknown browser",
  },
  factor: {
    title: "Second factor", on: "A sign-in needs a code besides the password.", off: "A sign-in needs the password alone.", what: "Codes come from an authenticator app.", onTag: "On",
    begin: "Switch on the second factor", remove: "Switch it off", removeText: "From then on the password alone is enough.", codes: "Recovery codes", left_one: "{{count}} is left.", left_other: "{{count}} are left.",
    newCodes: "Make new recovery codes", newCodesText: "Those so far are no longer valid.", codesText: "Each is good once in the place of a code, when the app is lost. They are never shown again: keep them where you keep passwords.",
    password: "Password", enrol: "Add an account in your authenticator app with this secret, or open the link on the device that has it. Then type the code that it shows.", secret: "Secret", link: "Open in an authenticator app", uri: "The same as an address",
    first: "Code that the app shows", confirm: "Switch on",
  },
  look: {
    title: "Appearance and language", language: "Language", browser: "As the browser", clock: "Clock", byLanguage: "By region", theme: { title: "Theme", system: "As the system", light: "Light", dark: "Dark" },
    density: { title: "Density", comfortable: "Comfortable", compact: "Compact", roomy: "Roomy" }, text: "Text size", contrast: { title: "Contrast", system: "As the system", more: "More" }, motion: { title: "Motion", system: "As the system", reduce: "None" },
  },
  keys: {
    single: "Keys of a single letter", singleHint: "Off for those who speak to the machine, or whose hands tremble.", search: "Go to the search", add: "New entry", table: "This table", close: "Close the topmost",
    before: "Choice before", next: "Next choice", press: "Press", scope: { lists: "Lists", choices: "Choices and tabs", tracing: "Tracing" },
  },
  grants: {
    title: "Roles", role: "Role", org: "Organisation", domain: "Domain", add: "Add a role", drop: "Take the role away",
    roles: { operator: "Operator", org_admin: "Administrator of an organisation", domain_admin: "Administrator of a domain", auditor: "Auditor of a domain", auditorOrg: "Auditor of an organisation", auditorAll: "Auditor of everything" },
  },
  admins: {
    add: "New administrator", name: "Name", nameHint: "Letters a to z, digits, and . - _ @ + between them.", passwordHint: "Empty leaves it as it is. A new one ends the sessions.", edit: "Roles and password", disable: "Disable", enable: "Enable", disabled: "Disabled",
    resetFactor: "Switch off the second factor", resetTitle: "Switch off the second factor of {{name}}?", resetText: "For somebody who has lost it. The password alone is enough from then on.",
    remove: "Remove", removeTitle: "Remove {{name}}?", removeText: "Its sessions and tokens end. This cannot be undone.", more: "What to do with {{name}}", moreOf: "Show more", lastLogin: "signed in last {{time}}", never: "never signed in",
  },
  tokens: {
    add: "New token", what: "For programs, in the header Authorization: Bearer. A token never may more than its account.", all: "Show those of everybody", none: "There is no token.", revoke: "Revoke", revokeTitle: "Revoke {{name}}?", revokeText: "Programs that use it are refused from then on.",
    until: "until {{date}}", forEver: "for ever", used: "used {{date}}", unused: "never used", name: "Name", nameHint: "Which program it is for. Letters a to z, digits, and . - _ @ + between them.", life: "Valid for", days_one: "{{count}} day", days_other: "{{count}} days", once: "This is the only time that it is shown.", secret: "Token",
  },
  install: {
    version: "Version", api: "HTTP API", apiHint: "Everything that the console does, for programs.", docs: "Open the description", key: "Master key", keyWhat: "Seals passwords and secrets in the store.",
    rotate: "Replace the key", rotateTitle: "Replace the master key?", rotateText: "A new key is used at once. What is sealed under the old one is sealed anew in the background, then the old one is forgotten. Make a backup afterwards.",
    running: "Under way", resealing_one: "{{shown}} row is sealed anew.", resealing_other: "{{shown}} rows are sealed anew.", oldKeys_one: "{{count}} old key is still needed.", oldKeys_other: "{{count}} old keys are still needed.", oneKey: "Everything is sealed under one key.",
    backup: "Backup", passphrase: "Passphrase", passphraseHint: "At least 8 characters. With one the backup is encrypted and has the master key in it; without one it has not.", backupAct: "Download a backup", backupBusy: "The backup is being made",
    backupDone: "{{rows}} rows are saved, with the master key.", backupBare: "{{rows}} rows are saved, without the master key.",
    drain: "Stop the switch", drainWhat: "Let calls run out, then stop.", drainHint: "Nobody new gets in from then on.", drainAct: "Stop slowly", drainTitle: "Stop the switch?", drainText: "Nobody signs in and no call begins from now on. It stops when its calls have ended, at the latest after this time. This cannot be taken back.",
    seconds: "Seconds until it stops at the latest", draining: "The switch stops by {{time}}.", callsLeft_one: "{{count}} call lives.", callsLeft_other: "{{count}} calls live.",
  },
};
