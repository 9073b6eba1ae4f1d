package assess

import (
	"fmt"
	"testing"
)

func TestInUTKName(t *testing.T) {
	if got := fmt.Sprint(inUTKName("images/37_1_3_20170104232806122.jpg.chip.jpg")); got != "map[age:37 gender:female race:Indian]" {
		t.Error(got)
	}
	for _, other := range []string{"37_2_3_20170104232806122.jpg", "37_1_5_20170104232806122.jpg", "100032540_1.jpg", "1_1_1.jpg", ""} {
		if got := inUTKName(other); got != nil {
			t.Errorf("%s: %v", other, got)
		}
	}
}
