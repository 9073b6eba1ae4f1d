package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]int64{
		"500MB": 500e6, "500 mb": 500e6, "2GiB": 2 << 30, "1.5GB": 1.5e9, "16": 16e9, " 0.5 ": 5e8, "1t": 1e12, "100000000b": 1e8, "200Mi": 200 << 20,
	} {
		if n, err := ParseMemory(text); n != want || err != nil {
			t.Errorf("%q is %d bytes (%v), want %d", text, n, err, want)
		}
	}
	for text, want := range map[string]string{
		"1MB": "at least 100MB", "0": "at least 100MB", "": "such as 500MB", "-1GB": "such as 500MB", "1e9": "such as 500MB", "much": "such as 500MB",
		"9999999T": "no machine", "1..5GB": "such as 500MB", "NaN": "such as 500MB",
	} {
		if _, err := ParseMemory(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParseMemory(f *testing.F) {
	for _, text := range []string{"500MB", "2GiB", "1.5GB", "16", "", "1MB", "123456789B"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseMemory(text)
		if err != nil {
			return
		}
		if n < LeastMemory {
			t.Fatalf("%q is %d bytes", text, n)
		}
		if again, err := ParseMemory(FormatMemory(n)); again != n || err != nil {
			t.Fatalf("%q is %d bytes, and %s is %d (%v)", text, n, FormatMemory(n), again, err)
		}
	})
}

func TestMachineMemory(t *testing.T) {
	for name, want := range map[string]int64{
		"plain":     16384 << 10,
		"v2":        6 << 20,     // of the group above; its own has no limit
		"v1":        7 << 20,     // of its own group
		"container": 5 << 20,     // the path of the group is that on the host
		"unlimited": 16384 << 10, // version 1 says almost 2⁶³
		"none":      0,
	} {
		if got := machineMemory(os.DirFS(filepath.Join("testdata", name))); got != want {
			t.Errorf("%s: %d bytes, want %d", name, got, want)
		}
	}
}

func TestDefaultMemory(t *testing.T) {
	t.Setenv(MemoryEnv, "700MB")
	if n, err := DefaultMemory(); n != 700e6 || err != nil {
		t.Error(n, err)
	}
	t.Setenv(MemoryEnv, "lots")
	if _, err := DefaultMemory(); err == nil || !strings.Contains(err.Error(), MemoryEnv) {
		t.Error(err)
	}
	t.Setenv(MemoryEnv, "")
	if n, err := DefaultMemory(); n < LeastMemory || err != nil {
		t.Error(n, err)
	}
}

func TestAvailableMemory(t *testing.T) {
	for name, want := range map[string]int64{
		"plain":     12000 << 10,
		"v2":        6<<20 - 5000000 + 1500000, // of the group above, whose files that were not used lately can be dropped
		"v1":        7<<20 - 7000000 + 40000,
		"container": 1,           // it takes more than it may
		"unlimited": 12000 << 10, // version 1 says almost 2⁶³
		"none":      0,
	} {
		if got := availableMemory(os.DirFS(filepath.Join("testdata", name))); got != want {
			t.Errorf("%s: %d bytes, want %d", name, got, want)
		}
	}
}
