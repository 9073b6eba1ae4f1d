package safetensors_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/seeable-lab/seeable/lab/safetensors"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.safetensors")

	err = safetensors.Write(path, safetensors.File{
		Metadata: map[string]string{"encoder": "compact"},
		Tensors: map[string]safetensors.Tensor{
			"/head/out/bias": {Shape: []int{3}, Data: []float32{0.5, -1, 0}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	file, err := safetensors.Read(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Metadata["encoder"], file.Tensors["/head/out/bias"].Data)
	// Output: compact [0.5 -1 0]
}
