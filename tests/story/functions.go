package story

import (
	"telegram-client/shared/process"
	"telegram-client/shared/seal"
)

// FunctionEnv is the environment in which a built function works for the bridge of a stage, or with the same store: the
// store's address, the keys of what is in it, the API's token, and the file with the addresses of Telegram's servers.
func FunctionEnv(redisURL string, keys process.Keys, token, serversFile string) []string {
	return []string{
		"REDIS_URL=" + redisURL, "NAMING_KEY=" + keys.NamingKey.Reveal(), "SEAL_KEYS=" + keys.SealKeys.Reveal(),
		"API_TOKENS=" + token, "TELEGRAM_SERVERS=" + serversFile,
	}
}

// NewKeys makes keys for a store of its own.
func NewKeys() process.Keys {
	return process.Keys{NamingKey: seal.NewText(seal.NewKey()), SealKeys: seal.NewText(seal.NewKey())}
}
