package appservice

// Message types of the base protocol and of the myApps login (appwebsocket.md
// 1.4, 2.2, 2.8.1). PROTOCOL.md describes each.
const (
	MTAppChallenge        = "AppChallenge"
	MTAppChallengeResult  = "AppChallengeResult"
	MTAppLogin            = "AppLogin"
	MTAppLoginResult      = "AppLoginResult"
	MTAppCheckLogin       = "AppCheckLogin"
	MTAppCheckLoginResult = "AppCheckLoginResult"
	MTAppInfo             = "AppInfo"
	MTAppInfoResult       = "AppInfoResult"
	MTPbxInfo             = "PbxInfo"
	MTKeepAlive           = "KeepAlive"
	MTCheckBuild          = "CheckBuild"
	MTCheckBuildResult    = "CheckBuildResult"
	MTError               = "Error"

	MTSubscribeRegister  = "SubscribeRegister"
	MTUpdateRegister     = "UpdateRegister"
	MTLoginInfo          = "LoginInfo"
	MTLoginInfoResult    = "LoginInfoResult"
	MTLogin              = "Login"
	MTAuthenticate       = "Authenticate"
	MTAuthorize          = "Authorize"
	MTLoginResult        = "LoginResult"
	MTRedirect           = "Redirect"
	MTLoginCancel        = "LoginCancel"
	MTLogout             = "Logout"
	MTLogoutResult       = "LogoutResult"
	MTUpdateUser         = "UpdateUser"
	MTSessionAdded       = "SessionAdded"
	MTSessionUpdated     = "SessionUpdated"
	MTSessionDeleted     = "SessionDeleted"
	MTAuthorizeSession   = "AuthorizeSession"
	MTDeleteSession      = "DeleteSession"
	MTSetSessionInfo     = "SetSessionInfo"
	MTSubscribeApps      = "SubscribeApps"
	MTUpdateApps         = "UpdateApps"
	MTUpdateAppsInfo     = "UpdateAppsInfo"
	MTUpdateAppsComplete = "UpdateAppsComplete"
	MTSetApps            = "SetApps"
	MTWake               = "Wake"
	MTAppGetLogin        = "AppGetLogin"
	MTAppGetLoginResult  = "AppGetLoginResult"
	MTSetUserActivity    = "SetUserActivity"
	MTSetOwnPresence     = "SetOwnPresence"
	MTUpdateOwnPresence  = "UpdateOwnPresence"
)

// The APIs of a switch (appwebsocket.md 2.5).
const (
	APIPbxSignal        = "PbxSignal"
	APIPbxApi           = "PbxApi"
	APIPbxMessages      = "PbxMessages"
	APIPbxAdminApi      = "PbxAdminApi"
	APIPbxTableUsers    = "PbxTableUsers"
	APIPbxImpersonation = "PbxImpersonation"
	APIEpSignal         = "EpSignal"
	APIRCC              = "RCC"
	APIServices         = "Services"
)

// knownNames holds the mt and api that cost no allocation to read. It is never
// written.
var knownNames = func() map[string]string {
	m := make(map[string]string, 160)
	for _, s := range []string{
		MTAppChallenge, MTAppChallengeResult, MTAppLogin, MTAppLoginResult, MTAppCheckLogin, MTAppCheckLoginResult,
		MTAppInfo, MTAppInfoResult, MTPbxInfo, MTKeepAlive, MTCheckBuild, MTCheckBuildResult, MTError,
		MTSubscribeRegister, MTUpdateRegister, MTLoginInfo, MTLoginInfoResult, MTLogin, MTAuthenticate, MTAuthorize,
		MTLoginResult, MTRedirect, MTLoginCancel, MTLogout, MTLogoutResult, MTUpdateUser, MTSessionAdded,
		MTSessionUpdated, MTSessionDeleted, MTAuthorizeSession, MTDeleteSession, MTSetSessionInfo, MTSubscribeApps,
		MTUpdateApps, MTUpdateAppsInfo, MTUpdateAppsComplete, MTSetApps, MTWake, MTAppGetLogin, MTAppGetLoginResult,
		MTSetUserActivity, MTSetOwnPresence, MTUpdateOwnPresence,
		APIPbxSignal, APIPbxApi, APIPbxMessages, APIPbxAdminApi, APIPbxTableUsers, APIPbxImpersonation, APIEpSignal,
		APIRCC, APIServices,
		"StandbyBack", "Disconnect", "SubscribePresence", "UnsubscribePresence", "UpdatePresence", "SubscribeDialog",
		"UnsubscribeDialog", "DialogInfo",
		"Register", "RegisterResult", "Signaling", "Attach", "AttachResult",
		"Session", "SessionResult", "SessionEnd", "SessionEndResult", "Post", "PostResult", "Add", "Update", "UpdateResult",
		"Delete", "DeleteResult", "Read", "ReadResult", "ReadChat", "ReadChatResult", "SetRead", "SetReadResult",
		"ReadTopics", "ReadTopicsResult", "WriteTopic", "WriteTopicResult", "SetFilter", "SetFilterResult", "Search",
		"SearchResult", "CreateFileBuffer", "CreateFileBufferResult", "DeleteFileBuffer", "DeleteFileBufferResult",
		"Unread", "UnreadResult", "ReadMembers", "ReadMembersResult", "WriteMember", "WriteMemberResult",
		"SubscribePresenceResult", "UnsubscribePresenceResult", "PresenceState", "PresenceUpdate", "SetPresence",
		"SetPresenceResult", "SubscribeProfile", "SubscribeProfileResult", "GetNodeInfo", "GetNodeInfoResult",
		"GetStun", "GetStunResult",
	} {
		m[s] = s
	}
	return m
}()
