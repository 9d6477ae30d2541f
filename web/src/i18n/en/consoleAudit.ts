export default {
  number: "Number", time: "Time", actor: "Who", act: "Act", object: "What", outcome: "Outcome", from: "From address", domain: "Domain", reason: "Reason", member: "Member", before: "Before", after: "After",
  outcomes: { all: "All outcomes", done: "Done", refused: "Refused", failed: "Failed", begun: "Begun" },
  kinds: { operator: "Operator at the machine", account: "Account", token: "Token", user: "User", system: "Switch", nobody: "Nobody", app: "App" },
  none: "No entry", download: "Download", asJson: "As JSON lines", verify: "Verify", verifying: "Verifying",
  whole: "Whole: {{rows}} rows, signed up to {{signed}}", fault: "Changed from {{first}} to {{last}}: {{detail}}",
};
