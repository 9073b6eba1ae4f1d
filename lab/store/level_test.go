package store

import (
	"fmt"
	"testing"
)

// What numerics up to 0.5.0 called a frame was a face; later ones mean what they say.
func TestOldFramesAreFaces(t *testing.T) {
	const tests = `"tests":[{"level":"video","no_figure":""},{"level":"frame","auc":0.6},{"level":"frame","no_figure":"only real frames"}%s]`
	for name, c := range map[string]struct{ versions, more, want string }{
		"0.1.0, without numerics": {`{"seelab":"0.1.0"}`, "", "video face face only real faces"},
		"0.5.0":                   {`{"seelab":"0.6.0","numerics":"0.5.0"}`, "", "video face face only real faces"},
		"0.6.0":                   {`{"seelab":"0.6.0","numerics":"0.6.0"}`, "", "video frame frame only real frames"},
		"0.10.0":                  {`{"numerics":"0.10.0"}`, "", "video frame frame only real frames"},
		"1.2.0":                   {`{"numerics":"1.2.0"}`, "", "video frame frame only real frames"},
		"unknown":                 {`{}`, "", "video frame frame only real frames"},
		"with faces":              {`{"numerics":"0.5.0"}`, `,{"level":"face"}`, "video frame frame only real frames"},
	} {
		r, err := ParseRecord("test", fmt.Appendf(nil, `{"versions":%s,`+tests+`}`, c.versions, c.more))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.Tests[0].Level, " ", r.Tests[1].Level, " ", r.Tests[2].Level, " ", r.Tests[2].NoFigure); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
