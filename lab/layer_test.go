package lab_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// module is this module's path.
const module = "github.com/seeable-lab/seeable/"

// plain are the packages that build without GoMLX and without a C compiler: what the method is,
// apart from the nets that learn it.
var plain = []string{
	"lab/spec", "lab/face", "lab/face/detect", "lab/discrepancy", "lab/hypersphere", "lab/metric", "lab/figure",
	"lab/table", "lab/report", "lab/store", "lab/video", "lab/extract", "lab/safetensors", "lab/toolbox", "lab/stream", "lab/cluster", "lab/evaluation", "lab/tensorboard", "lab/version", "datasets", "experiments", "results",
}

func TestPlainPackagesDoNotImportGoMLX(t *testing.T) {
	for _, dir := range plain {
		if _, err := os.Stat("../" + dir); os.IsNotExist(err) {
			continue
		}
		t.Run(dir, func(t *testing.T) {
			deps := dependencies(t, module+dir)
			for _, dep := range deps {
				if strings.HasPrefix(dep, "github.com/gomlx/") {
					t.Errorf("%s depends on %s", dir, dep)
				}
			}
		})
	}
	// A list that lacks what must be there would pass the test above for nothing.
	if accel := strings.Join(dependencies(t, module+"lab/accel"), "\n"); !strings.Contains(accel, "github.com/gomlx/") {
		t.Error("lab/accel seems not to depend on GoMLX: the listing is broken")
	}
}

// dependencies lists what a package and everything it imports need, tests apart.
func dependencies(t *testing.T, path string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", path)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", path, err)
	}
	return strings.Fields(string(out))
}
