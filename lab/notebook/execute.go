package notebook

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

//go:embed execute.py
var executePy string

// Run says which notebooks to execute, and how.
type Run struct {
	Books   []string          // paths of notebooks
	Out     string            // folder for the executed notebooks
	HTML    bool              // write each as a page that opens without a network too
	Params  map[string]string // what [nb.Param] gives, by name
	Timeout time.Duration     // for one cell; 0 for half an hour
	Env     []string          // more of the environment, as in os.Environ
}

// Event tells that a code cell ended, and how long it took.
type Event struct {
	Book    string  `json:"book"`
	Cell    int     `json:"cell"` // index among all cells of the notebook
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error"`
}

// CellError tells which cell of a notebook failed.
type CellError struct {
	Book string
	Cell int    // as people count the cells, from 1
	Line string // the cell's first line
	Text string // what went wrong: the Go error, often of several lines
}

func (e *CellError) Error() string {
	return fmt.Sprintf("notebook: %s, cell %d (%s): %s", filepath.Base(e.Book), e.Cell, e.Line, e.Text)
}

// Execute runs notebooks one after the other without a browser, each from a fresh kernel, and calls report for every cell
// that ended. The first cell that fails, or has the tag [Shows] and shows nothing, ends it with a *CellError; what was
// executed until then is written.
func (j *Jupyter) Execute(ctx context.Context, r Run, report func(Event)) error {
	type book struct {
		Path string `json:"path"`
		Out  string `json:"out"`
		HTML string `json:"html"`
	}
	var order struct {
		Timeout float64 `json:"timeout"`
		Books   []book  `json:"books"`
	}
	if order.Timeout = r.Timeout.Seconds(); order.Timeout == 0 {
		order.Timeout = 1800
	}
	if err := os.MkdirAll(r.Out, 0o755); err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	if err := j.compile(ctx); err != nil {
		return err
	}
	executed := map[string]string{}
	for _, path := range r.Books {
		path, err := filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("notebook: %w", err)
		}
		if b, err := ReadBook(path); err != nil {
			return err
		} else if b.Metadata.Kernel.Name != Kernel {
			return fmt.Errorf("notebook: %s is for the kernel %q, want %q", path, b.Metadata.Kernel.Name, Kernel)
		}
		out, err := filepath.Abs(filepath.Join(r.Out, filepath.Base(path)))
		if err != nil {
			return fmt.Errorf("notebook: %w", err)
		}
		if out == path {
			return fmt.Errorf("notebook: the executed %s would take the place of the notebook: give another folder", path)
		}
		html := ""
		if r.HTML {
			html = strings.TrimSuffix(out, filepath.Ext(out)) + ".html"
		}
		executed[path] = out
		order.Books = append(order.Books, book{path, out, html})
	}
	input, err := json.Marshal(order)
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}

	cmd := j.command(ctx, headless, "-c", executePy)
	cmd.Env = append(append(cmd.Env, r.Env...), paramEnv(r.Params)...)
	cmd.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	events, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	failed := follow(events, executed, report)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("notebook: %w", context.Cause(ctx))
	case failed != nil:
		return failed
	case err != nil:
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("notebook: Jupyter failed (%v): %s", err, lines[len(lines)-1])
	}
	for _, b := range order.Books {
		if err := checkShown(b.Path, b.Out); err != nil {
			return err
		}
	}
	return nil
}

// follow reports the events and returns the failure among them. executed says where each notebook's executed form lies.
func follow(events io.Reader, executed map[string]string, report func(Event)) error {
	var failed error
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Book == "" {
			continue // something that a library printed
		}
		if e.Error == "" {
			report(e)
			continue
		}
		b, err := ReadBook(executed[e.Book])
		if err != nil {
			return err
		}
		cell := b.Cells[e.Cell]
		text := strings.TrimSpace(e.Error)
		if said := cell.errors(); said != "" {
			text = said + "\n" + text
		}
		failed = &CellError{e.Book, e.Cell + 1, cell.firstLine(), text}
	}
	return failed
}

// checkShown finds a cell that had to show something and did not.
func checkShown(book, executed string) error {
	b, err := ReadBook(executed)
	if err != nil {
		return err
	}
	for i, cell := range b.Cells {
		if cell.Tagged(Shows) && !cell.Showing() {
			return &CellError{book, i + 1, cell.firstLine(), "it has to show something and shows nothing"}
		}
	}
	return nil
}

func paramEnv(params map[string]string) (env []string) {
	for name, value := range params {
		env = append(env, ParamEnv(name)+"="+value)
	}
	return env
}

// ParamEnv is the environment variable by which the parameter called name reaches a cell.
func ParamEnv(name string) string { return "NB_" + strings.ToUpper(name) }
