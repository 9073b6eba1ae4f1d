package store

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

// A test without a figure has null in JSON where it has NaN, and comes back as it was. One with a figure is written as ever.
func TestTestWithoutFigure(t *testing.T) {
	measured := Test{Dataset: "a <b>", Method: "all", Level: "video", AUC: 0.75, Low: 0.5, High: 1, NReal: 4, NFake: 2, Coverage: 1, AP: 0.9, EER: 0.25, Digest: "d"}
	none := Test{Dataset: "c", Method: "all", Level: "video", NReal: 4, Coverage: 0.5, Fallback: 0.125, Partial: true, Digest: "e"}.WithoutFigure("only real videos")
	r := Record{Run: "r", Tests: []Test{measured, none}, AUC: Headline([]Test{measured, none})}
	if want := map[string]float64{"a <b>": 0.75}; !reflect.DeepEqual(r.AUC, want) {
		t.Errorf("headline %v, want %v", r.AUC, want)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	type plain Test // without the methods
	old, err := json.MarshalIndent(plain(measured), "    ", "  ")
	if err != nil || !strings.Contains(string(text), string(old)) {
		t.Errorf("%s\nhas not, as before,\n%s (error %v)", text, old, err)
	}
	var loose struct{ Tests []map[string]any }
	if err := json.Unmarshal(text, &loose); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"auc", "low", "high", "ap", "eer"} {
		if value, there := loose.Tests[1][key]; !there || value != nil {
			t.Errorf("%s is %v, want null", key, value)
		}
	}
	if loose.Tests[1]["no_figure"] != "only real videos" || loose.Tests[1]["n_real"] != 4.0 || loose.Tests[0]["no_figure"] != nil {
		t.Errorf("%s", text)
	}
	again, err := ParseRecord("text", text)
	if err != nil {
		t.Fatal(err)
	}
	if again.Tests[0] != measured {
		t.Errorf("%+v, want %+v", again.Tests[0], measured)
	}
	back := again.Tests[1]
	for _, figure := range []*float64{&back.AUC, &back.Low, &back.High, &back.AP, &back.EER} {
		if !math.IsNaN(*figure) {
			t.Errorf("%+v has a figure", back)
		}
		*figure = 0
	}
	none.AUC, none.Low, none.High, none.AP, none.EER = 0, 0, 0, 0, 0
	if back != none {
		t.Errorf("%+v, want %+v", back, none)
	}
}

// A figure without an interval has null for its ends alone, and comes back as it was.
func TestTestWithoutInterval(t *testing.T) {
	few := Test{Dataset: "c", Method: "all", Level: "video", AUC: 1, Low: 1, High: 1, NReal: 2, NFake: 5, RealPeople: 2, FakePeople: 3, AP: 1}.WithoutInterval("too few people")
	text, err := json.Marshal(few)
	if err != nil || !strings.Contains(string(text), `"low":null,"high":null`) || !strings.Contains(string(text), `"no_interval":"too few people"`) ||
		!strings.Contains(string(text), `"auc":1,`) || !strings.Contains(string(text), `"real_people":2,"fake_people":3`) {
		t.Fatalf("%s, error %v", text, err)
	}
	var back Test
	if err := json.Unmarshal(text, &back); err != nil || !math.IsNaN(back.Low) || !math.IsNaN(back.High) {
		t.Fatalf("%+v, error %v", back, err)
	}
	back.Low, back.High, few.Low, few.High = 0, 0, 0, 0
	if back != few {
		t.Errorf("%+v, want %+v", back, few)
	}
	if none := few.WithoutFigure("only real videos"); none.NoInterval != "" || !math.IsNaN(none.Low) {
		t.Errorf("%+v: one reason is enough", none)
	}
	if h := Headline([]Test{few}); h["c"] != 1 {
		t.Errorf("headline %v leaves out a figure without an interval", h)
	}
}

func TestFaults(t *testing.T) {
	c := Coverage{Holds: 9, Scored: 5, Unscored: []Unscored{{"a", "empty"}, {"b", "no face"}, {"c", "no face"}, {"d", "absent"}}}
	if got := c.Faults(); got != "2 no face, 1 absent, 1 empty" {
		t.Errorf("%q", got)
	}
}
