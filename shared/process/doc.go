// Package process is what every program of this project does at its start: it reads the environment and names every
// problem of it at once, logs without secrets, knows its version, ends in order on a signal, and answers HTTP requests
// in Lambda or on a port.
//
// The settings that several programs share are the types of settings.go; [Environ.Load] fills them and a program's own.
// What is built of them (stores, dialers, handlers) is the program's business.
//
// Exit codes of [Main]: 0 after an orderly end, 1 after an error, 2 for a wrong configuration.
package process
