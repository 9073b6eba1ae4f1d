// Package sharedtest finds for tests what lies beside the checkout: data, small cases and the numbers of the specification. A test
// names it from there, wherever its package lies.
package sharedtest

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Path is a path in the folder shared beside the checkout, whether there is something or not.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(append([]string{filepath.Dir(dir), "shared"}, elem...)...)
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Fatal("no go.mod in the folder of the test or above it")
		}
		dir = above
	}
}

// Data is the root of the research data: $SEEABLE_DATA, else data in the shared folder, whether it is there or not.
func Data(t testing.TB) string {
	t.Helper()
	return cmp.Or(os.Getenv("SEEABLE_DATA"), Path(t, "data"))
}

// Golden reads a file of the specification's golden numbers; without it the test is skipped.
func Golden(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(Path(t, "spec", "golden", file))
	if err != nil {
		t.Skip("the goldens are not there:", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
