package compiler

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestExecutables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not there yet")
	e := NewExecutables(dir, 1<<20)
	if _, ok := e.get("a"); ok {
		t.Error("an empty folder has an executable")
	}
	want := []byte("machine code")
	e.put("a", want)
	if got, ok := e.get("a"); !ok || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, ok)
	}
	whole, err := os.ReadFile(e.path("a"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		for _, data := range [][]byte{damaged, whole[:i]} {
			if err := os.WriteFile(e.path("a"), data, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, ok := e.get("a"); ok {
				t.Fatalf("damaged at byte %d of %d, it gives %q", i, len(whole), got)
			}
		}
	}
	e.put("a", want)
	if got, ok := e.get("a"); !ok || !bytes.Equal(got, want) {
		t.Errorf("written again: %q, %v", got, ok)
	}
	e.drop("a")
	if _, ok := e.get("a"); ok {
		t.Error("dropped, it is there")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What was used last stays; what a process that was killed left goes in the end.
func TestExecutablesLimit(t *testing.T) {
	dir := t.TempDir()
	e := NewExecutables(dir, 3*132)
	long := time.Now().Add(-24 * time.Hour)
	for i, key := range []string{"a", "b", "c"} {
		e.put(key, make([]byte, 100)) // and 32 of checksum
		at := long.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(e.path(key), at, at); err != nil {
			t.Fatal(err)
		}
	}
	part := filepath.Join(dir, "old.part")
	if err := os.WriteFile(part, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(part, long, long); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.get("a"); !ok {
		t.Fatal("three did not fit")
	}
	e.put("d", make([]byte, 100))
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if _, ok := e.get(key); ok != want {
			t.Errorf("%s is there: %v, want %v", key, ok, want)
		}
	}
	if _, err := os.Stat(part); err == nil {
		t.Error("what a killed process left is still there")
	}
}

func TestExecutablesTogether(t *testing.T) {
	e := NewExecutables(t.TempDir(), 1<<20)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 50 {
				e.put("a", bytes.Repeat([]byte{byte(i)}, 1000))
				if got, ok := e.get("a"); ok && (len(got) != 1000 || !bytes.Equal(got, bytes.Repeat(got[:1], 1000))) {
					t.Error("a mixture of two executables")
				}
			}
		})
	}
	all.Wait()
}

// Whatever an executable depends on changes its name, and the name that GoMLX gives a graph does not.
func TestKey(t *testing.T) {
	key := func(identity, program, options string) string {
		return keyOf(identity, []byte(program), []byte(options))
	}
	want := key("id", "module @f_1 {\n}", "options")
	if got := key("id", "module @f_2 {\n}", "options"); got != want {
		t.Error("the name of the graph is in the key")
	}
	seen := map[string]string{want: "itself"}
	for _, k := range [][3]string{{"other", "module @f_1 {\n}", "options"}, {"id", "module @f_1 {\n  }", "options"},
		{"id", "module @f_1 {\n}", "other"}, {"", "idmodule @f_1 {\n}", "options"}} {
		text := fmt.Sprintf("%q", k)
		if like, known := seen[key(k[0], k[1], k[2])]; known {
			t.Errorf("%s has the key of %s", text, like)
		}
		seen[key(k[0], k[1], k[2])] = text
	}
}
