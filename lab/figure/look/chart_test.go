package look

import (
	"encoding/json"
	"testing"
)

func TestOverlay(t *testing.T) {
	under := map[string]any{"a": map[string]any{"x": 1, "y": 2}, "b": []any{map[string]any{"p": 1}, 7}, "c": 3}
	over := map[string]any{"a": map[string]any{"y": 5}, "b": []any{map[string]any{"q": 2}}, "d": 4}
	got, err := json.Marshal(overlay(under, over))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":{"x":1,"y":5},"b":[{"p":1,"q":2},7],"c":3,"d":4}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
