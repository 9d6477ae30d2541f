export default {
  domain: "Domain", state: "State", people: "People stored", of: "{{some}} of {{all}}", messages: "Messages", conversations: "Conversations", texts: "Texts", files: "Files", fileBytes: "Size of files", index: "Search index",
  modes: { embedded: "Stored by the switch itself", external: "Stored by app services", off: "Chats are not stored" },
  states: { stored: "Stored", waiting: "Waiting for the service", unlicensed: "No licence", disabled: "Disabled", taken: "Name taken", none: "No Messages object", off: "Off" },
  noDomain: "There is no domain", rebuild: "Build the search index anew", rebuildTitle: "Build the search index of {{domain}} anew?", rebuildText: "Search finds less until it is through; nothing else is affected.",
  removed: "Of removed domains", forget: "Delete for good", forgetTitle: "Delete the chats of {{name}} for good?", forgetText: "All messages and files of the removed domain. This cannot be undone.",
  rules: "Rules", rule: "Rule of retention", newRule: "New rule", editRule: "Change the rule", dropRule: "Take the rule away", ruleDropped: "The rule is gone", noRule: "Without a rule everything is kept.",
  ofAll: "All chats of the domain", ofConversation: "Conversation {{id}}", messagesFor: "Messages {{time}}", filesFor: "Files {{time}}", forEver: "for ever", days_one: "{{shown}} day", days_other: "{{shown}} days",
  conversation: "Conversation", conversationHint: "Its number; empty is for all chats of the domain.", messageDays: "Days that messages are kept", fileDays: "Days that files are kept", zero: "0 is for ever.",
  dryRun: "What would be deleted now", wouldDelete: "{{messages}} messages and {{files}} files ({{bytes}}) would be deleted; {{held}} are on hold and stay.",
  deleted: "{{messages}} messages and {{files}} files ({{bytes}}) are deleted; {{held}} are on hold.", deletedMore: "{{messages}} messages and {{files}} files ({{bytes}}) are deleted. There are more: run it again.", deleteNow: "Delete now",
  holds: "Legal holds", newHold: "New hold", endHold: "End the hold", endHoldTitle: "End the hold on {{whose}}?", endHoldText: "Rules and people can delete these messages from then on.", noHold: "Nothing is on hold.",
  holdHint: "Name a person or a conversation. Nothing of it can be deleted until the hold ends.", person: "Name of the person", note: "Note", byConsole: "console",
};
