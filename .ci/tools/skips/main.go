// Skips stands behind go test -json: it prints a line for each package and all that failing tests said, then the tests that were
// skipped, and fails where one was skipped that may not be.
//
//	go test -json ./... | skips .ci/skips
//
// The list has a line for each skip that is allowed, of four columns divided by " | ":
//
//	package | test | what it says | unless
//
// Package, below the module, and test are patterns as of path.Match; a test stands for its subtests too. What it says is a regular expression. Unless is a command for bash: where it succeeds, what the test needs is there, so
// that a skip is an error. "-" stands for none: such a test is for running by hand. A line that matches no test of a package that
// was tested is an error too.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
)

// module begins the import paths that the list leaves out.
const module = "github.com/seeable-lab/seeable/"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | skips LIST")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	var list []allowed
	if err == nil {
		list, err = parse(os.Args[1], string(text))
	}
	var r results
	if err == nil {
		r, err = read(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "skips:", err)
		os.Exit(1)
	}
	if !report(os.Stdout, list, r, holds) {
		os.Exit(1)
	}
}

// holds reports whether a command succeeds.
func holds(command string) bool { return exec.Command("bash", "-c", command).Run() == nil }

// allowed is a line of the list.
type allowed struct {
	at            string // file and line
	pkg, test     string
	says          *regexp.Regexp
	unless        string
	tested, exist bool // in this run: a package that it matches, a test of it
}

func parse(file, text string) (list []allowed, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		at := fmt.Sprintf("%s:%d", file, n)
		cells := strings.SplitN(line, " | ", 4)
		if len(cells) != 4 {
			return nil, fmt.Errorf("%s: %d columns, want package | test | what it says | unless", at, len(cells))
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		says, err := regexp.Compile(cells[2])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		for _, pattern := range cells[:2] {
			if _, err := path.Match(pattern, ""); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", at, pattern, err)
			}
		}
		list = append(list, allowed{at: at, pkg: cells[0], test: cells[1], says: says, unless: cells[3]})
	}
	return list, nil
}

func (a *allowed) matches(pkg, test string) bool {
	if ok, _ := path.Match(a.pkg, pkg); !ok {
		return false
	}
	a.tested = true
	test, _, _ = strings.Cut(test, "/")
	ok, _ := path.Match(a.test, test)
	a.exist = a.exist || ok
	return ok
}

// event is a line of go test -json, see go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

// test is one that ran, by package and name.
type test struct{ pkg, name string }

// results are what came of the tests.
type results struct {
	ran     []test
	skipped []test
	said    map[test]string // by those that were skipped
	failed  bool
}

// read prints to out as it goes what people want to see.
func read(in io.Reader, out io.Writer) (r results, err error) {
	type line struct{ test, text string }
	lines := map[string][]line{} // by package
	ended := map[test]string{}   // by test, the action
	lasting := map[string]bool{} // packages under way
	r.said = map[test]string{}
	buffered := bufio.NewReader(in)
	for {
		text, err := buffered.ReadString('\n')
		if err == io.EOF && text == "" {
			break
		}
		if err != nil && err != io.EOF {
			return r, err
		}
		var e event
		if json.Unmarshal([]byte(text), &e) != nil {
			fmt.Fprint(out, text) // not of a test, such as go's own complaint
			continue
		}
		t := test{strings.TrimPrefix(e.Package, module), e.Test}
		switch e.Action {
		case "build-output":
			fmt.Fprint(out, e.Output)
		case "build-fail":
			r.failed = true
		case "start":
			lasting[t.pkg] = true
		case "run":
			r.ran = append(r.ran, t)
		case "output":
			lines[t.pkg] = append(lines[t.pkg], line{e.Test, e.Output})
		case "pass", "fail", "skip":
			ended[t] = e.Action
			r.failed = r.failed || e.Action == "fail"
			if e.Action == "skip" && e.Test != "" {
				r.skipped = append(r.skipped, t)
				for _, l := range lines[t.pkg] {
					if says := strings.TrimSpace(l.text); l.test == e.Test && !strings.HasPrefix(says, "=== ") && !strings.HasPrefix(says, "--- ") {
						r.said[t] = strings.TrimSpace(r.said[t] + " " + says)
					}
				}
			}
			if e.Test != "" {
				continue
			}
			// The package is done. What failed, or never ended, is shown.
			for _, l := range lines[t.pkg] {
				of := ended[test{t.pkg, l.test}]
				if l.test == "" && l.text != "PASS\n" || e.Action == "fail" && l.test != "" && of != "pass" && of != "skip" {
					fmt.Fprint(out, l.text)
				}
			}
			delete(lines, t.pkg)
			delete(lasting, t.pkg)
		}
	}
	if len(r.ran) == 0 {
		return r, fmt.Errorf("no test in what go test -json printed")
	}
	for pkg := range lasting {
		return r, fmt.Errorf("the tests of %s have not ended", pkg)
	}
	return r, nil
}

// report prints the skips and tells whether all is well.
func report(out io.Writer, list []allowed, r results, holds func(command string) bool) (well bool) {
	well = !r.failed
	for _, t := range r.ran {
		for i := range list {
			list[i].matches(t.pkg, t.name)
		}
	}
	fmt.Fprintf(out, "%d tests, %d skipped\n", len(r.ran), len(r.skipped))
	known := map[string]bool{}
	for _, t := range r.skipped {
		verdict := "not allowed: no line of the list matches"
		for i := range list {
			a := &list[i]
			if !a.matches(t.pkg, t.name) || !a.says.MatchString(r.said[t]) {
				continue
			}
			there, asked := known[a.unless]
			if !asked && a.unless != "-" {
				there = holds(a.unless)
				known[a.unless] = there
			}
			if verdict = "allowed"; there {
				verdict = fmt.Sprintf("not allowed: what it needs is there: %s (%s)", a.unless, a.at)
			}
			break
		}
		well = well && verdict == "allowed"
		fmt.Fprintf(out, "skipped, %s: %s %s: %s\n", verdict, t.pkg, t.name, r.said[t])
	}
	for _, a := range list {
		if a.tested && !a.exist {
			well = false
			fmt.Fprintf(out, "%s: no test %s in %s: delete the line\n", a.at, a.test, a.pkg)
		}
	}
	return well
}
