package encoder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/seeable-lab/seeable/lab/safetensors"
	"github.com/seeable-lab/seeable/lab/spec"
	"github.com/seeable-lab/seeable/lab/toolbox"
)

// Stored is a file of backbone weights in the cache, or one that [ImageNet] can bring there.
type Stored struct {
	Encoder string // its name in a spec
	Name    string // what a spec's encoder.weights may say: "imagenet", or the path
	Path    string // empty when it is not in the cache yet
	Bytes   int64  // of the file, or of what would be downloaded
}

// Weights lists the weights in the cache by encoder and name, and those that can be brought. It reads no network and
// no file.
func Weights() ([]Stored, error) {
	cache, err := toolbox.OpenCache()
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	var list []Stored
	known := map[string]bool{}
	for name, network := range networks {
		c := network.ImageNet
		if c == nil {
			continue
		}
		s := Stored{Encoder: name, Name: "imagenet", Bytes: c.PTH.WheelSize}
		path := filepath.Join(cache.Dir(), c.file(name))
		known[path] = true
		if info, err := os.Stat(path); err == nil {
			s.Path, s.Bytes = path, info.Size()
		}
		list = append(list, s)
	}
	for name := range timmEncoders() {
		paths, err := filepath.Glob(filepath.Join(cache.Dir(), name+importMark+"*.safetensors"))
		if err != nil {
			return nil, fmt.Errorf("encoder: %w", err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && !known[path] {
				list = append(list, Stored{name, path, path, info.Size()})
			}
		}
	}
	slices.SortFunc(list, func(a, b Stored) int { return strings.Compare(a.Encoder+" "+a.Name, b.Encoder+" "+b.Name) })
	return list, nil
}

// importMark stands between encoder and source in the names of imported files.
const importMark = "-import-"

// Import checks that the file holds all weights of the encoder's backbone, as [Load] wants them, and puts them into the
// cache, in timm's names and without a classifier. It returns the path for a spec's encoder.weights. The file is a
// safetensors file or, under any other ending, a PyTorch state dict, bare or as the entry state_dict or model of a
// checkpoint, which python3 converts (3.6 or newer, its standard library only; the pickle runs no code).
func Import(ctx context.Context, path, name string) (stored string, err error) {
	if _, err := timmBackbone(name); err != nil {
		return "", err
	}
	cache, err := toolbox.OpenCache()
	if err != nil {
		return "", fmt.Errorf("encoder: %w", err)
	}
	file, err := readCheckpoint(ctx, path)
	if err != nil {
		return "", err
	}
	cfg, store := spec.Encoder{Name: name}, model.NewStore()
	if err := Load(store.Scope("/backbone"), cfg, file); err != nil {
		return "", fmt.Errorf("%w (%s)", err, path)
	}
	loaded, err := Save(store, "/backbone")
	if err != nil {
		return "", err
	}
	exported, err := Export(cfg, "/backbone", loaded)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	if err := safetensors.Encode(&text, exported); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache.Dir(), 0o700); err != nil {
		return "", fmt.Errorf("encoder: %w: %v", toolbox.ErrCache, err)
	}
	source := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	stored = filepath.Join(cache.Dir(), fmt.Sprintf("%s%s%s-%.12x.safetensors", name, importMark, source, sha256.Sum256(text.Bytes())))
	return stored, safetensors.Write(stored, exported)
}

// readCheckpoint reads a safetensors file or a PyTorch state dict. BatchNorm's counts of batches are left out.
func readCheckpoint(ctx context.Context, path string) (safetensors.File, error) {
	if _, err := os.Stat(path); err != nil {
		return safetensors.File{}, fmt.Errorf("encoder: %w", err)
	}
	if !strings.EqualFold(filepath.Ext(path), ".safetensors") {
		dir, err := os.MkdirTemp("", "seelab-weights-")
		if err != nil {
			return safetensors.File{}, fmt.Errorf("encoder: %w", err)
		}
		defer os.RemoveAll(dir)
		converted := filepath.Join(dir, "converted.safetensors")
		if err := convert(ctx, path, converted); err != nil {
			return safetensors.File{}, err
		}
		return safetensors.Read(converted)
	}
	file, others, err := safetensors.ReadFloats(path)
	if err != nil {
		return safetensors.File{}, err
	}
	others = slices.DeleteFunc(others, func(name string) bool { return strings.HasSuffix(name, ".num_batches_tracked") })
	if len(others) > 0 {
		return safetensors.File{}, fmt.Errorf("encoder: %s: %d tensors are not of float32 or float16, %s first; convert them", path, len(others), others[0])
	}
	return file, nil
}
