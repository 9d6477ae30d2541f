// The sentences of the model (client/model/words.ts).
export default {
  send: {
    unknown: "There is nobody of that name.",
    absent: "Nobody is there, and nothing is kept in this chat.",
    declined: "The other side declined it.",
    line: "The connection was lost.",
    busy: "It could not be stored. Try again later.",
    file: "The file cannot be sent here.",
    nofiles: "Files need stored chats, and there is no licence for them.",
    group: "Groups are not in the licence.",
    forbidden: "You may not write here.",
    format: "No device there can show this.",
    long: "The message is too long or empty.",
    other: "It could not be delivered (cause {{cause}}).",
  },
  upload: {
    failed: "The file could not be sent.",
    size: "The file is too large.",
    quota: "There is no room for the file.",
    gone: "The file is not on this device any more.",
  },
  act: {
    line: "There is no connection. Try again when the line is up.",
    missing: "It is not there any more.",
    forbidden: "You may not do that.",
    limit: "A limit is reached.",
    invalid: "That is not possible.",
    away: "The store cannot be reached. Try again later.",
    volatile: "Nothing is kept here, so this is not possible.",
    failed: "It did not work. Try again later.",
  },
  store: {
    memory: "This browser keeps nothing: messages that wait are lost when the page is closed.",
  },
};
