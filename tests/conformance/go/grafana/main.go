// Asks a server for what Grafana's X-Ray data source asks, through the client that it asks with.
//
// A task comes on stdin; for each of its queries one line of JSON goes to stdout: the requests that
// were sent, and each page as the client read it. What the plug-in sends is recorded in
// tests/wire/grafana-queries-http.ndjson; a test compares.
package main

import (
	"encoding/json"
	"log"
	"os"
	"time"
)

// Task is what to ask of which server; times are seconds since 1970.
type Task struct {
	Endpoint, Region, Key, Secret string
	From, To                      float64
	Queries                       []Query
}

// Query is one of Grafana's, named in Name; the other members are for those that take them.
type Query struct {
	Name     string
	Trace    string
	Filter   string
	Selector string
	Group    string
	State    string
	Period   int32
}

// Answer is what one query sent and got; Error is empty when there was none.
type Answer struct {
	Name  string
	Calls []Call
	Pages []any
	Error string
}

func main() {
	var task Task
	if err := json.NewDecoder(os.Stdin).Decode(&task); err != nil {
		log.Fatal(err)
	}
	out := json.NewEncoder(os.Stdout)
	for _, query := range task.Queries {
		answer := Answer{Name: query.Name}
		asker := newAsker(task)
		pages, err := asker.ask(query)
		if err != nil {
			answer.Error = err.Error()
		}
		answer.Pages, answer.Calls = pages, asker.wire.calls
		if err := out.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
}

func moment(seconds float64) time.Time {
	return time.UnixMicro(int64(seconds * 1e6)).UTC()
}
