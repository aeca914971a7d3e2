package message

// A File is one file of a call: exactly one of Path, URL, Data and Spooled says where it is.
type File struct {
	Path string
	// URL is an http or https address. It may hold credentials and is never shown.
	URL      string
	Data     []byte
	Filename string // of Data and Spooled
	// Spooled names a temporary file that the bridge itself wrote, of a call that came as multipart/form-data; it never
	// comes from JSON. Sum is the SHA-256 of what is in it.
	Spooled string
	Sum     [32]byte
}
