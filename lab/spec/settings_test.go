package spec

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/BurntSushi/toml"
)

// Settings are what the TOML says, key by key.
func TestSettings(t *testing.T) {
	s := Default()
	s.Name, s.Loss.Lambda, s.Data.Exclude = "mine", 0.25, []string{"somebody"}
	settings := s.Settings()
	if len(settings) != len(Keys()) {
		t.Errorf("%d settings of %d keys", len(settings), len(Keys()))
	}
	var tree map[string]any
	if _, err := toml.Decode(s.TOML(), &tree); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		for key, value := range tree {
			if section, ok := value.(map[string]any); ok {
				walk(prefix+key+".", section)
				continue
			}
			seen++
			if got := fmt.Sprint(settings[prefix+key]); got != fmt.Sprint(value) {
				t.Errorf("%s is %s, want %v", prefix+key, got, value)
			}
		}
	}
	walk("", tree)
	if seen != len(Keys()) {
		t.Errorf("the TOML has %d keys, want %d", seen, len(Keys()))
	}
	// What comes out may be changed.
	settings["data.exclude"].([]string)[0] = "nobody"
	if !reflect.DeepEqual(s.Data.Exclude, []string{"somebody"}) {
		t.Error("a change of the settings changed the spec")
	}
}
