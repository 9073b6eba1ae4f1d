package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const list = `
# a comment
lab/a | TestA* | no browser|no Slurm | command -v browser
lab/a | TestByHand | set .* | -
lab/b | TestB | x | false
`

// events are what go test -json prints, of "action package test output" a line.
func events(lines ...string) string {
	var b bytes.Buffer
	for _, line := range lines {
		words := strings.SplitN(line, " ", 4)
		e := map[string]string{"Action": words[0], "Package": module + words[1]}
		if len(words) > 2 && words[2] != "-" {
			e["Test"] = words[2]
		}
		if len(words) > 3 {
			e["Output"] = words[3] + "\n"
		}
		text, _ := json.Marshal(e)
		b.Write(append(text, '\n'))
	}
	return b.String()
}

func skip(pkg, test, says string) []string {
	return []string{"run " + pkg + " " + test, "output " + pkg + " " + test + " === RUN   " + test, "output " + pkg + " " + test + "     a_test.go:3: " + says,
		"output " + pkg + " " + test + " --- SKIP: " + test + " (0.00s)", "skip " + pkg + " " + test}
}

func TestReport(t *testing.T) {
	pass := []string{"run lab/a TestAOk", "pass lab/a TestAOk", "run lab/a TestByHand", "pass lab/a TestByHand"}
	end := []string{"output lab/a - ok  	lab/a	1s", "pass lab/a"}
	for name, c := range map[string]struct {
		events []string
		there  bool // what the tests need
		well   bool
		want   string
		lacks  string
	}{
		"no skip":          {pass, true, true, "ok  	lab/a	1s\n2 tests, 0 skipped\n", "RUN"},
		"allowed":          {append(skip("lab/a", "TestAll", "no Slurm: x"), pass...), false, true, "skipped, allowed: lab/a TestAll: a_test.go:3: no Slurm: x", "=== RUN"},
		"it is there":      {append(skip("lab/a", "TestAll", "no Slurm: x"), pass...), true, false, "not allowed: what it needs is there: command -v browser (skips:3)", ""},
		"by hand":          {append(pass[:2:2], skip("lab/a", "TestByHand", "set $X to n")...), true, true, "skipped, allowed: lab/a TestByHand", ""},
		"a subtest":        {append(skip("lab/a", "TestAll/of", "no Slurm: x"), pass...), false, true, "skipped, allowed: lab/a TestAll/of", ""},
		"another reason":   {append(skip("lab/a", "TestAll", "no luck"), pass...), false, false, "not allowed: no line", ""},
		"another test":     {append(skip("lab/a", "TestOther", "no Slurm"), pass...), false, false, "not allowed: no line", ""},
		"another package":  {append(skip("lab/c", "TestAll", "no Slurm"), pass...), false, false, "not allowed: no line", ""},
		"gone":             {pass[:2], false, false, "skips:4: no test TestByHand in lab/a: delete the line", "skips:5"},
		"failed":           {append([]string{"run lab/a TestBad", "output lab/a TestBad wrong", "output lab/a TestAOk right", "fail lab/a TestBad"}, append(pass, "output lab/a - FAIL	lab/a	1s", "fail lab/a")...), true, false, "wrong\nFAIL	lab/a	1s\n", "right"},
		"ended in a panic": {append([]string{"run lab/a TestBad", "output lab/a TestBad panic: torn"}, append(pass, "fail lab/a")...), true, false, "panic: torn\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			allowed, err := parse("skips", list)
			if err != nil || len(allowed) != 3 {
				t.Fatal(len(allowed), err)
			}
			lines := slices.Concat([]string{"start lab/a"}, c.events)
			if !slices.Contains(lines, "fail lab/a") {
				lines = append(lines, end...)
			}
			var out bytes.Buffer
			r, err := read(strings.NewReader(events(lines...)), &out)
			if err != nil {
				t.Fatal(err)
			}
			well := report(&out, allowed, r, func(string) bool { return c.there })
			if well != c.well || !strings.Contains(out.String(), c.want) || c.lacks != "" && strings.Contains(out.String(), c.lacks) {
				t.Errorf("well %v, want %v, with %q and without %q:\n%s", well, c.well, c.want, c.lacks, &out)
			}
		})
	}
}

// What is cut short is no success.
func TestCutShort(t *testing.T) {
	for _, lines := range [][]string{nil, {"start lab/a", "run lab/a TestA"}} {
		if _, err := read(strings.NewReader(events(lines...)), &bytes.Buffer{}); err == nil {
			t.Errorf("%q: no error", lines)
		}
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"a | b | c", "a | b | ( | -", "a | [ | c | -"} {
		if _, err := parse("skips", "\n"+text); err == nil || !strings.HasPrefix(err.Error(), "skips:2: ") {
			t.Errorf("%s: error %v, want one that names line 2", text, err)
		}
	}
}
