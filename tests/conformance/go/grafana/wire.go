package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// Call is a request as it left.
type Call struct {
	Path string
	Body json.RawMessage
}

// Wire sends requests and keeps them.
type Wire struct {
	mutex sync.Mutex
	calls []Call
}

// Do implements the client's HTTPClient.
func (wire *Wire) Do(request *http.Request) (*http.Response, error) {
	call := Call{Path: request.URL.Path, Body: json.RawMessage("{}")}
	if request.Body != nil {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) > 0 {
			call.Body = body
		}
	}
	wire.mutex.Lock()
	wire.calls = append(wire.calls, call)
	wire.mutex.Unlock()
	return http.DefaultClient.Do(request)
}
