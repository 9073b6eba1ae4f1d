package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab"
	"github.com/seeable-lab/seeable/lab/accel/acceltest"
	"github.com/seeable-lab/seeable/lab/store"
)

// A matrix has a row for each run and a column for each maker; the figures do not depend on who else is measured.
func TestMakers(t *testing.T) {
	if testing.Short() {
		t.Skip("trains: seconds to compile")
	}
	acceltest.ForTest(t)
	data, _ := drawData(t)
	results := t.TempDir()
	train := func(sets ...string) string {
		t.Helper()
		path, _ := tinySpec(t, sets...)
		var r store.Record
		if err := json.Unmarshal([]byte(must(t, "run", path, "--data", data, "--results", results, "--json")), &r); err != nil {
			t.Fatal(err)
		}
		return r.Run
	}
	first, second := train(), train("method=fwa", "score.name=class-odds")
	makers := func(runs ...string) []string {
		return []string{"makers", "--runs", strings.Join(runs, ","), "--data", data, "--results", results}
	}
	measure := func(runs ...string) (m lab.MakerMatrix) {
		t.Helper()
		if err := json.Unmarshal([]byte(must(t, append(makers(runs...), "--json")...)), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	both, alone := measure(first, second), measure(second)
	if strings.Join(both.Makers, " ") != "selfblend fwa" || len(both.Rows) != 2 || both.Rows[0].Run != first || both.Rows[1].Method != "fwa" || both.Rows[1].Fakes {
		t.Fatalf("%+v", both)
	}
	if both.People < 1 || both.Faces < both.People || len(alone.Rows) != 1 || len(alone.Rows[0].Figures) != 2 {
		t.Fatalf("%+v, alone %+v", both, alone)
	}
	for k, f := range both.Rows[1].Figures {
		if f != alone.Rows[0].Figures[k] || f.NReal != both.Faces || f.NFake != both.Faces || f.People != both.People || f.On != both.Makers[k]+"/none" {
			t.Errorf("%+v, alone %+v", f, alone.Rows[0].Figures[k])
		}
	}
	if text := must(t, makers(first, second)...); !strings.Contains(text, first) || !strings.Contains(text, "no labelled fakes") || !strings.Contains(text, "selfblend") {
		t.Errorf("prints\n%s", text)
	}
	for want, args := range map[string][]string{
		"want some of each":               append(makers(first), "--limit", "0"),
		`required flag(s) "runs" not set`: {"makers", "--data", data, "--results", results},
		`no run "nobody" in`:              makers("nobody"),
	} {
		if code, _, stderr := seelab(t, args...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%q: code %d, %s; want %q", args, code, stderr, want)
		}
	}
}
