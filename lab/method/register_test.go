package method

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/lab/spec"
)

// A name that is not there is refused with those that are, and one that is taken at once.
func TestRegister(t *testing.T) {
	s := spec.Default()
	s.Method = "none"
	if _, err := New(s); err == nil || !strings.Contains(err.Error(), `method = "none": want one of`) {
		t.Errorf("error %v, want one that lists the methods", err)
	}
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, `"sbi" is registered twice`) {
			t.Errorf("panic %q, want one about the name that is taken", text)
		}
	}()
	Register("sbi", nil)
}

// What specs say of a method's scores is what the method says.
func TestScoresAreThoseRegistered(t *testing.T) {
	for _, info := range spec.Methods() {
		s := spec.Default()
		s.Method = info.Name
		m, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, score := range info.Scores {
			names = append(names, score.Name)
		}
		if found := strings.Join(m.Scores(), " "); found != strings.Join(names, " ") {
			t.Errorf("%s has the scores %s, registered %q", info.Name, found, names)
		}
	}
}
