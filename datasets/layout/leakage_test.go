package layout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seeable-lab/seeable/datasets"
)

func TestLeaks(t *testing.T) {
	ff := func(c, method, name, target, source string, split Split) Video {
		return Video{Dataset: "FF++ " + c, Method: method, Name: name, Identity: target, Source: source, Split: split}
	}
	sets := []Dataset{
		{Name: "FF++ c23", Videos: []Video{
			ff("c23", "original", "754", "754", "", TrainSplit), ff("c23", "original", "756", "756", "", TrainSplit),
			ff("c23", "original", "605", "605", "", TrainSplit),
		}},
		{Name: "FF++ c40", Videos: []Video{
			ff("c40", "FaceSwap", "000_755", "000", "755", TestSplit), // 755 and 756 are of one video
			ff("c40", "original", "606", "606", "", ValSplit),         // as are 605 and 606
		}},
		{Name: "Celeb-DF v2", Videos: []Video{
			{Dataset: "Celeb-DF v2", Identity: "id1", Split: TrainSplit}, {Dataset: "Celeb-DF v2", Identity: "754", Split: TestSplit},
			{Dataset: "Celeb-DF v2", Identity: "id2", Source: "id1", Split: TestSplit},
		}},
		{Name: "DFD c23", Videos: []Video{{Dataset: "DFD c23", Identity: "01"}}},
	}
	crops := []datasets.Set{
		{Name: "FF++ raw", Items: []datasets.Item{{Identity: "754"}, {Identity: "999"}}},
		{Name: "mine", Items: []datasets.Item{{Identity: "Ethan_Hawke"}, {Identity: "754"}}},
	}
	real := []datasets.Set{{Name: "ytfaces", Items: []datasets.Item{{Identity: "Ethan_Hawke"}, {Identity: "Anna"}}}}
	var got []string
	for _, l := range Leaks(sets, crops, real) {
		got = append(got, fmt.Sprintf("%s > %s: %s", l.From, l.To, strings.Join(l.People, ",")))
	}
	want := strings.Join([]string{
		"Celeb-DF v2 train > Celeb-DF v2 test: Celeb-DF v2 id1",
		"FF++ train > FF++ test: FF++ 755",
		"FF++ train > FF++ val: FF++ 605",
		"FF++ train > crops FF++ raw: FF++ 754",
		"real faces ytfaces > crops mine: Ethan_Hawke",
	}, "\n")
	if strings.Join(got, "\n") != want {
		t.Errorf("leaks\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
