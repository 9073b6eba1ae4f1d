package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindRoot(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "go.mod"), "module "+Module+"\n\ngo 1.26\n")
	write(t, filepath.Join(root, "tools", "go.mod"), "module "+Module+"/tools\n")
	for _, dir := range []string{root, filepath.Join(root, "tools")} {
		if got, err := FindRoot(dir); err != nil || got != root {
			t.Errorf("%s: %q, %v; want %q", dir, got, err, root)
		}
	}
	if _, err := FindRoot(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not in a checkout") {
		t.Errorf("error %v, want one that asks for a checkout", err)
	}
}

// A port that is taken is named, not silently replaced; without a wish the next free one is taken.
func TestPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	if _, err := freePort(taken); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d cannot be used", taken)) {
		t.Errorf("error %v, want one that names port %d", err, taken)
	}
	port, err := freePort(0)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		t.Errorf("port %d is not free: %v", port, err)
	} else {
		l.Close()
	}
}

const executed = `{"nbformat": 4, "metadata": {"kernelspec": {"name": "gonb"}}, "cells": [
 {"cell_type": "markdown", "source": "# One"},
 {"cell_type": "code", "source": ["%%\n", "nb.Figure(f)\n", "more()"], "metadata": {"tags": ["shows"]}, "execution_count": 1, "outputs": [
  {"output_type": "display_data", "data": {"text/html": ["<svg>", "</svg>"]}}]},
 {"cell_type": "code", "source": "nb.Check(err)", "metadata": {}, "execution_count": 2, "outputs": [
  {"output_type": "stream", "name": "stdout", "text": "fine so far"},
  {"output_type": "stream", "name": "stderr", "text": ["lab: no run\n", "at all\n"]}]},
 {"cell_type": "code", "source": "// nothing\nx()", "metadata": {"tags": ["shows"]}, "outputs": [
  {"output_type": "display_data", "data": {"text/html": " \n"}}]}]}`

func TestReadBook(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.ipynb"), executed)
	b, err := ReadBook(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Cells) != 4 || b.Metadata.Kernel.Name != "gonb" || b.Cells[1].Source != "%%\nnb.Figure(f)\nmore()" {
		t.Errorf("read %+v", b)
	}
	if got := b.Cells[1].firstLine(); got != "nb.Figure(f)" {
		t.Errorf("first line %q, want nb.Figure(f)", got)
	}
	if !b.Cells[1].Showing() || b.Cells[2].Showing() || b.Cells[3].Showing() {
		t.Errorf("showing %v, %v, %v; want true, false, false", b.Cells[1].Showing(), b.Cells[2].Showing(), b.Cells[3].Showing())
	}
	if got, want := b.Cells[2].errors(), "lab: no run\nat all"; got != want {
		t.Errorf("errors %q, want %q", got, want)
	}
	bad := write(t, filepath.Join(t.TempDir(), "b.ipynb"), `{"nbformat": 3}`)
	if _, err := ReadBook(bad); err == nil || !strings.Contains(err.Error(), "nbformat 3, want 4") {
		t.Errorf("error %v, want one about nbformat 3", err)
	}
	if _, err := ReadBook(write(t, bad, `{`)); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("error %v, want one that names the file", err)
	}
}

// What Jupyter tells becomes reports and an error that names the cell and what Go said.
// Parameters are those that cells ask for; paths are those of the folder that the command is called in.
func TestCheckParams(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	book := filepath.Join(dir, "a.ipynb")
	text := `{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["n := nb.Param(\"steps\", 5)\n", "i := nb.Param[string]( \"image\", \"\")\n", "l := nb.Open()"]},
		{"cell_type": "markdown", "source": "nb.Param(\"other\", 1)"}]}`
	for name, text := range map[string]string{book: text, "face.png": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := CheckParams([]string{book}, map[string]string{"steps": "7", "image": "face.png", "results": "../runs"})
	here, _ := os.Getwd()
	want := map[string]string{"steps": "7", "image": filepath.Join(here, "face.png"), "results": filepath.Join(filepath.Dir(here), "runs")}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for name, want := range map[string]string{"step": `parameter "step"; want one of image, results, steps`, "other": "want one of", "image": "no such file"} {
		if _, err := CheckParams([]string{book}, map[string]string{name: "absent"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestFollow(t *testing.T) {
	out := write(t, filepath.Join(t.TempDir(), "out.ipynb"), executed)
	var got []Event
	err := follow(strings.NewReader(`{"book": "in/a.ipynb", "cell": 1, "seconds": 0.5}
some library prints this
{"book": "in/a.ipynb", "cell": 2, "seconds": 1.5, "error": "exit status 1"}
`), map[string]string{"in/a.ipynb": out}, func(e Event) { got = append(got, e) })
	if len(got) != 1 || got[0] != (Event{Book: "in/a.ipynb", Cell: 1, Seconds: 0.5}) {
		t.Errorf("reports %+v, want cell 1", got)
	}
	want := "notebook: a.ipynb, cell 3 (nb.Check(err)): lab: no run\nat all\nexit status 1"
	if cell, ok := errors.AsType[*CellError](err); !ok || cell.Cell != 3 || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestCheckShown(t *testing.T) {
	out := write(t, filepath.Join(t.TempDir(), "out.ipynb"), executed)
	err := checkShown("a.ipynb", out)
	if cell, ok := errors.AsType[*CellError](err); !ok || cell.Cell != 4 || !strings.Contains(err.Error(), "shows nothing") {
		t.Errorf("error %v, want one about cell 4", err)
	}
	if err := checkShown("a.ipynb", write(t, out, strings.Replace(executed, `" \n"`, `"x"`, 1))); err != nil {
		t.Errorf("error %v for cells that show something", err)
	}
}

// The kernel imports this checkout, asks no network, and is the same for the browser and without, but for what the log says.
func TestRegister(t *testing.T) {
	home := t.TempDir()
	j := &Jupyter{root: "/checkout", tools: "/tools", home: home, kernels: filepath.Join(home, "checkout-1")}
	for range 2 { // the second time nothing changes
		if err := j.register(); err != nil {
			t.Fatal(err)
		}
	}
	for _, use := range []string{inBrowser, headless} {
		text, err := os.ReadFile(filepath.Join(j.kernels, use, "kernels", Kernel, "kernel.json"))
		if err != nil {
			t.Fatal(err)
		}
		var k kernelSpec
		if err := json.Unmarshal(text, &k); err != nil {
			t.Fatal(err)
		}
		argv := strings.Join(k.Argv, " ")
		for _, want := range []string{"/tools/gonb --kernel {connection_file}", "-go_work=/checkout", fmt.Sprintf("-raw_error=%v", use == headless)} {
			if !strings.Contains(argv, want) {
				t.Errorf("%s: %q is not in %s", use, want, argv)
			}
		}
		if k.Env["GOPROXY"] != "off" || k.InterruptMode != "message" {
			t.Errorf("%s: %+v, want no network and interrupts by message", use, k)
		}
	}
	if target, err := os.Readlink(filepath.Join(j.kernels, headless, "bin", "goimports")); err != nil || target != "/tools/goimports" {
		t.Errorf("goimports: %q, %v", target, err)
	}
}
