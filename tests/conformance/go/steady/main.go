// Segments at a steady rate with the official X-Ray SDK for Go and the server's rules.
//
// `steady SERVICE RATE SECONDS LINGER` waits until a rule of the server decides, opens RATE
// segments a second from then on, stays LINGER seconds more for the last report, and prints a JSON
// line: how many were asked for, the time, trace and rule of each that was sampled, and what the
// SDK complained of.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-xray-sdk-go/v2/xray"
	"github.com/aws/aws-xray-sdk-go/v2/xraylog"
)

const waitLimit = 30 * time.Second

type found struct {
	Requests   int       `json:"requests"`
	Started    float64   `json:"started"`
	Ended      float64   `json:"ended"`
	Sampled    []float64 `json:"sampled"`
	Traces     []string  `json:"traces"`
	Rules      []string  `json:"rules"`
	Complaints []string  `json:"complaints"`
}

// ask opens one segment and counts it, unless it is from before the rules came.
func (f *found) ask(service string) {
	now := seconds(time.Now())
	_, segment := xray.BeginSegment(context.Background(), service)
	rule := ""
	if segment.Sampled {
		rule = segment.AWS["xray"].(xray.SDK).RuleName
	}
	segment.Close(nil)
	if rule == "" && len(f.Rules) == 0 {
		return
	}
	if f.Started == 0 {
		f.Started = now
	}
	f.Requests++
	if rule != "" {
		f.Sampled = append(f.Sampled, now)
		f.Traces = append(f.Traces, segment.TraceID)
		f.Rules = append(f.Rules, rule)
	}
}

// complaints keeps what the SDK's log says went wrong; its pollers say that at level debug.
type complaints struct {
	sync.Mutex
	lines []string
}

func (c *complaints) Log(level xraylog.LogLevel, message fmt.Stringer) {
	text := message.String()
	if level >= xraylog.LogLevelWarn || strings.HasPrefix(text, "Error occurred") {
		c.Lock()
		defer c.Unlock()
		c.lines = append(c.lines, text)
	}
}

var heard = &complaints{lines: []string{}}

func init() {
	xray.SetLogger(heard)
}

func seconds(moment time.Time) float64 {
	return float64(moment.UnixNano()) / 1e9
}

func duration(text string) time.Duration {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		log.Fatal(err)
	}
	return time.Duration(number * float64(time.Second))
}

func main() {
	service := os.Args[1]
	rate, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		log.Fatal(err)
	}
	length, linger := duration(os.Args[3]), duration(os.Args[4])
	asked := &found{}
	for limit := time.Now().Add(waitLimit); len(asked.Rules) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			log.Fatalf("no rule of the server chose a segment within %v", waitLimit)
		}
		asked.ask(service)
	}
	begin := time.Now()
	for number := 1; time.Since(begin) < length; number++ {
		asked.ask(service)
		time.Sleep(time.Until(begin.Add(time.Duration(float64(number) / rate * float64(time.Second)))))
	}
	asked.Ended = seconds(time.Now())
	time.Sleep(linger)
	heard.Lock()
	asked.Complaints = heard.lines
	if err := json.NewEncoder(os.Stdout).Encode(asked); err != nil {
		log.Fatal(err)
	}
}
