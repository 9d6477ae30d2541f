export default {
  span: "Time", spans: { "15m": "15 min", "6h": "6 h", "7d": "7 days" },
  old: "What you see is from {{time}}.",
  down_one: "{{count}} of {{of}} app services is not connected", down_other: "{{count}} of {{of}} app services are not connected",
  registrations: "Registrations", inThatTime: "in that time", callsNow: "Calls now", chatsNow_one: "{{count}} chat", chatsNow_other: "{{count}} chats",
  messages: "Messages", perSecond: "per s", ofThemStored: "{{rate}} of them stored", drops: "Drops", noDrops: "None in the last hour", noDropsHour: "Nothing was dropped.",
  memory: "Memory", upFor: "Up for {{time}}", messagesPerSecond: "Messages per second", delivered: "Delivered", stored: "Stored",
  dropsByReason: "Drops by reason", lastHour: "last hour", services: "App services", firstOf: "first 5 of {{count}}", noServices: "No app service has a link to the switch.",
  inProcess: "in process", connecting: "connecting", isDown: "down", store: "Store", commit: "Commit, mean", perCommit: "Changes per commit", free: "Free on disk", none: "none",
  licences: "Licences in use", oneJack: "one jack is {{count}}", unlimited: "No licence counts users: everybody has everything.", usedOf: "{{used}} of {{of}}",
  lately: "Lately", all: "All events", nothing: "Nothing has been changed yet.",
};
