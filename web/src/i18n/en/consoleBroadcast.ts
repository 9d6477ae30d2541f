export default {
  compose: "New broadcast", sender: "Sender", senderHint: "Name of the person or object that writes. Answers go there.", receivers: "Receivers",
  ways: { everybody: "Everybody", template: "Template", group: "Group", names: "Names" },
  names: "Names of the receivers", namesHint: "With spaces, commas or lines between them; 10,000 at most.",
  text: "Text", textHint: "HTML without attributes, such as <b> and <i>; lines stay lines.", preview: "As it arrives",
  would_one: "{{shown}} person gets it.", would_other: "{{shown}} people get it.", unknown: "Left out: {{names}}.",
  review: "Review", reviewTitle_one: "Send this to {{shown}} person?", reviewTitle_other: "Send this to {{shown}} people?", send: "Send",
  reason: "Reason", reasonHint: "For the audit log. A ticket, for example.", again: "Send it again: nobody gets it twice.", done: "The broadcast is sent",
  sentHere: "Sent from this page", nothingSent: "Broadcasts appear here with what has become of them, until you close the page.",
  whom: { everybody: "to everybody", template: "to template {{name}}", group: "to group {{name}}", names: "to chosen names" },
  counts: { total: "Receivers", sent: "Sent", delivered: "Delivered", read: "Read", failed: "Failed", unknown: "Left out" },
};
