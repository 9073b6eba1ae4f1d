package loss

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// The options reach the builder, whose error is ByName's; a name that is taken is refused.
func TestRegister(t *testing.T) {
	known["test"] = registered{build: func(c Config) (Func, error) { return nil, fmt.Errorf("test: margin %v", c.Margin) }}
	defer delete(known, "test")
	c := DefaultConfig()
	c.Margin = 2
	if _, err := ByName("test", c); err == nil || err.Error() != "test: margin 2" {
		t.Errorf("error %v, want that of the loss", err)
	}
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, `"ce" of`) || !strings.Contains(text, "there is one from github.com/seeable-lab/seeable/lab/loss already") {
			t.Errorf("panic %q, want one about the name that is taken", text)
		}
	}()
	Register(spec.LossInfo{Name: "ce", Doc: "x"}, tempered(CrossEntropy), nil)
}

// BCR alone has a floor that is known.
func TestFloorOf(t *testing.T) {
	counts := []int{2, 2, 2}
	want, err := Floor(counts, 0.07)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := FloorOf("bcr")(counts, 0.07); err != nil || got != want {
		t.Errorf("floor %v, %v, want %v", got, err, want)
	}
	for _, name := range []string{"ce", "none"} {
		if FloorOf(name) != nil {
			t.Errorf("%s has a floor", name)
		}
	}
}
