// Package cluster runs the cells of a sweep as processes: [Local] on this machine, [Slurm] and [Kubernetes] write what
// those schedulers want. Each process is one cell; that no cell is done twice, and that a stopped one goes on where it
// was, is the store's doing.
package cluster

import (
	"encoding/json"
	"fmt"

	"github.com/seeable-lab/seeable/lab/store"
)

// TryAgain is the exit code of a cell that stopped before it was done, with its work saved, and is to be started again
// (EX_TEMPFAIL of sysexits.h).
const TryAgain = 75

// Message is a line that the process of a cell prints on stdout for [Local].
type Message struct {
	Stage  string        `json:"stage,omitempty"`
	Done   int           `json:"done,omitempty"`  // of Total items of the stage
	Total  int           `json:"total,omitempty"` //
	Loss   float64       `json:"loss,omitempty"`  // while training
	Note   string        `json:"note,omitempty"`
	Busy   bool          `json:"busy,omitempty"`   // another process has the cell; the exit code is TryAgain
	Record *store.Record `json:"record,omitempty"` // the cell is done
}

// State is where a cell stands.
type State string

// The states of a cell. Those from Finished on are final.
const (
	Waiting     State = "waiting"
	Running     State = "running"
	Busy        State = "busy" // another process has it: it is looked at again later
	Finished    State = "finished"
	Failed      State = "failed"
	Interrupted State = "interrupted" // a rerun continues it
)

// Event is a new state of one cell, or its progress while it runs.
type Event struct {
	Cell    int           `json:"cell"`
	Label   string        `json:"label"`
	State   State         `json:"state"`
	PID     int           `json:"pid,omitempty"` // of a running cell
	Seconds float64       `json:"seconds"`       // since this process started the cell
	Message               // the latest of a running cell
	Error   string        `json:"error,omitempty"`  // of a failed cell, in one line
	Stderr  string        `json:"stderr,omitempty"` // of a failed cell, the end of it
	Left    float64       `json:"left,omitempty"`   // estimated seconds until the whole sweep is done; 0 while unknown
	Counts  map[State]int `json:"counts"`           // how many cells are in each state
}

// read turns a line of a child into a message. What is no message, such as the words of a library, is a note.
func read(line []byte) Message {
	var m Message
	if err := json.Unmarshal(line, &m); err != nil {
		return Message{Note: string(line)}
	}
	return m
}

// SweepError counts the cells of a sweep that are not done; the events say why.
type SweepError struct{ Failed, Interrupted, Cells int }

func (e *SweepError) Error() string {
	text := fmt.Sprintf("cluster: %d of %d cells failed", e.Failed, e.Cells)
	if e.Interrupted > 0 {
		text += fmt.Sprintf(", %d were interrupted", e.Interrupted)
	}
	return text + "; the same command continues the sweep"
}
