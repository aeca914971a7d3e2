// Package bridge is the whole bridge in one process: every function, and a listener, on one address.
//
// Everything that has to survive lies in one folder, the data folder: the secrets that its first start made, the store
// (a redis-server or valkey-server that runs as a child, unless another is named), and the mark by which this
// installation knows its own leases. A lock on the folder keeps a second bridge away. Whoever gets the lock knows that
// the former process and its store are dead, and takes their leases over at once.
//
// It is for a home: addresses of the home's network may be dialled. It runs where there is flock: Linux, macOS, BSD.
package bridge
