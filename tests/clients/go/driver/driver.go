// Package driver is what all Go clients of the matrix share: the same orders and reports as
// python/driver.py.
package driver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type Order struct {
	Do        string    `json:"do"`
	Model     string    `json:"model"`
	Messages  []Message `json:"messages"`
	Timeout   float64   `json:"timeout"`
	StopAfter *string   `json:"stop_after"`
	Usage     bool      `json:"usage"`
	Streamed  bool      `json:"streamed"`
}

// Tool is one that the clients run.
type Tool struct{ Name, Description string }

var Tools = []Tool{{"look", "Looks at one thing."}, {"touch", "Touches one thing."}}

// Parameters is the schema of each of them.
var Parameters = map[string]any{
	"type": "object", "required": []string{"step", "number"},
	"properties": map[string]any{
		"step": map[string]string{"type": "integer"}, "number": map[string]string{"type": "integer"}},
}

// Run makes a call of a tool.
func Run(name, arguments string) (string, error) {
	var given struct{ Step, Number int }
	err := json.Unmarshal([]byte(arguments), &given)
	return fmt.Sprintf("%s %d.%d", name, given.Step, given.Number), err
}

func (order Order) Deadline() time.Duration {
	return time.Duration(order.Timeout * float64(time.Second))
}

type Usage struct {
	Prompt     int64 `json:"prompt"`
	Completion int64 `json:"completion"`
	Total      int64 `json:"total"`
	Cached     int64 `json:"cached"`
}

// End is the report of an answer; Usage is nil where the client shows none.
type End struct {
	Report string `json:"report"`
	Text   string `json:"text"`
	Finish string `json:"finish"`
	Usage  *Usage `json:"usage"`
}

// Failure is the report of an error, as the client's user gets it.
type Failure struct {
	Report  string  `json:"report"`
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Status  *int    `json:"status"`
	Code    *string `json:"code"`
	Message string  `json:"message"`
}

// Fail makes the report of an error of which the user learns its type and its text.
func Fail(err error, isTimeout bool) Failure {
	kind := "api"
	if isTimeout {
		kind = "timeout"
	}
	return Failure{Kind: kind, Name: fmt.Sprintf("%T", err), Message: err.Error()}
}

// Collector gathers a stream's text and reports each piece as it comes.
type Collector struct {
	stopAfter *string
	Text      string
}

func Collect(order Order) *Collector { return &Collector{stopAfter: order.StopAfter} }

// Add is true once the application has seen enough and should leave.
func (c *Collector) Add(piece string) bool {
	if piece != "" {
		c.Text += piece
		tell(map[string]string{"report": "delta", "text": piece})
	}
	return c.stopAfter != nil && strings.Contains(c.Text, *c.stopAfter)
}

func (c *Collector) Left() End { return End{Text: c.Text, Finish: "left"} }

type Handlers map[string]func(Order) (End, error)

// Serve runs orders until the input ends.
func Serve(handlers Handlers, onError func(error) Failure) {
	tell(map[string]string{"report": "ready", "version": version(os.Getenv("PACKAGE"))})
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var order Order
		if err := json.Unmarshal(line, &order); err != nil {
			log.Fatal(err)
		}
		end, err := handlers[order.Do](order)
		if err != nil {
			log.Printf("%T: %+v", err, err)
			failure := onError(err)
			failure.Report = "error"
			tell(failure)
			continue
		}
		end.Report = "end"
		tell(end)
	}
}

func tell(report any) {
	line, err := json.Marshal(report)
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

func version(module string) string {
	info, _ := debug.ReadBuildInfo()
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "unknown"
}
