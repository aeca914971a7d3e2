package message

// A File is one file of a call: exactly one of Path, URL and Data says where it is.
type File struct {
	Path string
	// URL is an http or https address. It may hold credentials and is never shown.
	URL      string
	Data     []byte
	Filename string // of Data
}
