package cluster

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

func manifest(gpus int) string {
	return Kubernetes{
		Job: Job{
			Name: "ablate_lambda", Cells: 12, Cores: 4, Memory: 8<<30 - 5, GPUs: gpus, Grace: 3 * time.Minute,
			Command: []string{"seelab", "cell", "ablate-lambda", Index, "--set", `data.test=["FF++ c40", "$HOME"]`},
		},
		Image: "registry.example/seelab:1", Claim: "lab", Mount: "/lab",
	}.Manifest()
}

func TestManifest(t *testing.T) {
	const golden = "testdata/job.yaml"
	text := manifest(0)
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("found\n%s\nwant\n%s", text, want)
	}
	if gpu := manifest(2); !strings.Contains(gpu, "memory: 8Gi\n              nvidia.com/gpu: 2\n") {
		t.Errorf("no GPUs in\n%s", gpu)
	}
}

// The schemas of Kubernetes take the manifest as it is, and would not take one with a misspelt field.
func TestManifestAgainstSchema(t *testing.T) {
	program := os.Getenv("SEEABLE_KUBERNETES_VALIDATE")
	if program == "" {
		t.Skip("no SEEABLE_KUBERNETES_VALIDATE: .ci/kubernetes brings it")
	}
	if testing.Short() {
		t.Skip("reads large schemas: seconds")
	}
	for _, version := range []string{"1.31", "1.33"} {
		for name, c := range map[string]struct {
			text  string
			valid bool
		}{
			"cpu":      {manifest(0), true},
			"gpu":      {manifest(1), true},
			"misspelt": {strings.Replace(manifest(0), "backoffLimitPerIndex", "backOffLimitPerIndex", 1), false},
			"type":     {strings.Replace(manifest(0), "completions: 12", "completions: many", 1), false},
		} {
			t.Run(fmt.Sprint(version, " ", name), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "job.yaml")
				if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command(program, "--strict", "--kubernetes-version", version, path).CombinedOutput()
				if (err == nil) != c.valid {
					t.Errorf("valid: %v, want %v\n%s", err == nil, c.valid, out)
				}
			})
		}
	}
}
