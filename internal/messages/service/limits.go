package service

import "time"

// Limits of what is taken from outside. docs/limits.md lists them.
const (
	maxText       = 48 << 10 // text and data, as JSON strings (A9)
	maxStructured = 12 << 10 // data of other types than text, as JSON (A9)
	maxExt        = 16 << 10 // ext, as JSON
	maxAttached   = 16       // files of one message
	maxMime       = 127
	maxSIP        = 255 // names of people, groups and topics
	maxTitle      = 256 // display names, names of groups and files (A9)
	maxTagLength  = 64
	maxEmoji      = 64 // of a reaction, in bytes
	maxDraft      = 16 << 10
	maxReceivers  = 10000
	maxSubTopics  = 256  // of one person or app
	maxGroups     = 1000 // that one person may own or belong to

	countDefault = 50 // decision 58
	countMost    = 200

	secondsBelow = 1e11 // an older below this is in seconds (decision 57)

	marksDetailed = 200 // members of a group up to which every mark is told
)

// Limits of what one link may make the service hold.
const (
	maxSessions      = 20000   // of one link
	maxWaiting       = 256     // requests of one session that wait or run
	maxWaitingBytes  = 8 << 20 // of all requests of one link that wait
	maxRunning       = 8       // requests of one link that run
	maxPersonRunning = 4       // of them those of one person
	maxPosting       = 1024    // posts and marks of one link that wait
	maxOutgoing      = 4 << 20 // bytes; above, what asked waits and live news are left out
	maxSubscriptions = 32      // SetFilter and Discussion of one session
	maxGrants        = 64      // messages to which the client of one session may upload files
	maxAttaching     = 10000   // posts of one domain that wait for files
	flowHigh         = 256 << 10
	flowLow          = 128 << 10
)

// Times.
const (
	resolveTime = 2 * time.Second        // for the switch to say who somebody is
	endTime     = 30 * time.Second       // for the end of a session to be noted
	attachTime  = 10 * time.Minute       // for a client to begin the upload of a further file (decision 64)
	badgePause  = 200 * time.Millisecond // between two looks at the unread numbers
)
