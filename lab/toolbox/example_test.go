package toolbox_test

import (
	"fmt"
	"os"

	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Find looks without touching the network; Fetch brings what is missing.
func ExampleCache_Find() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	os.Setenv(toolbox.CacheEnv, dir)
	defer os.Unsetenv(toolbox.CacheEnv)

	cache, err := toolbox.OpenCache()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, cached := cache.Find(toolbox.EfficientNetLite0)
	fmt.Println(toolbox.EfficientNetLite0.Name, "cached:", cached)
	// Output: ImageNet weights of EfficientNet-Lite0 cached: false
}
