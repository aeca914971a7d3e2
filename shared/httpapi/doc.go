// Package httpapi is the HTTP API of the bridge: one handler constructor per function, the token check, and the only
// writer of errors. A handler translates: it reads a request into the types of the domain, calls a small interface
// that it defines itself, and writes the answer.
//
// It promises, for every route: the bearer token is checked before anything else, in constant time; a body is at most
// 1 MB of strict JSON, but where files may come with it ([Uploads]); work ends at the route's deadline or the caller's,
// whichever is earlier; every error, also of unknown routes, wrong methods and panics, has the one form of the API and the
// status of one table; nothing of a request is logged but its method, the pattern of its route, its status and the code of
// its fault.
//
// A call that says wait: false is checked as ever and handed to [Jobs]; [Carry] carries it out later, with the same answer.
//
// The same handlers run in Lambda, behind lambdahttp, and on a port; [Join] makes one API of several functions.
package httpapi
