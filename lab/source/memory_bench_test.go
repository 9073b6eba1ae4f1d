package source

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/lab/face"
	"github.com/seeable-lab/seeable/lab/spec"
)

// manyEnv says how many faces TestMemoryOfManyFaces reads, and runs it; childEnv is set in its processes.
//
//	SEEABLE_MANY_FACES=100000 go test ./lab/source -run TestMemoryOfManyFaces -v
const (
	manyEnv  = "SEEABLE_MANY_FACES"
	childEnv = "SEEABLE_MANY_FACES_CHILD"
)

const (
	manySide   = 96 // about what is kept of a face for a network of 64 pixels
	fewFaces   = 3000
	mostGrowth = 300e6
)

// usage is what a process that read many faces tells.
type usage struct {
	Peak, Live    int64
	Open, Epoch   float64 // seconds
	Cached, Faces int
}

// Many faces take hardly more memory than few: the budget bounds what is decoded and what is known of each.
func TestMemoryOfManyFaces(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		readMany(t, dir)
		return
	}
	many, _ := strconv.Atoi(os.Getenv(manyEnv))
	if many < fewFaces {
		t.Skipf("set $%s to a number of faces from %d, such as 100000", manyEnv, fewFaces)
	}
	root := t.TempDir()
	counts := []int{fewFaces, many}
	for _, n := range counts {
		start := time.Now()
		writeMany(t, filepath.Join(root, strconv.Itoa(n), "faces"), n)
		t.Logf("%d faces written in %.0f s", n, time.Since(start).Seconds())
	}
	for _, memory := range []int64{300e6, 500e6} {
		peaks := map[int]int64{}
		for _, n := range counts {
			dir := filepath.Join(root, strconv.Itoa(n))
			if err := os.RemoveAll(filepath.Join(dir, "settled")); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second finds the set settled
				u := child(t, dir, memory)
				t.Logf("%d faces of %d×%d within %d MB: peak %d MB, live %d MB, %d in the cache, opened in %.1f s, an epoch in %.1f s",
					u.Faces, manySide, manySide, memory/1e6, u.Peak/1e6, u.Live/1e6, u.Cached, u.Open, u.Epoch)
				peaks[n] = max(peaks[n], u.Peak)
			}
		}
		if growth := peaks[many] - peaks[fewFaces]; growth > mostGrowth {
			t.Errorf("%d faces take %d MB more than %d, want at most %d", many, growth/1e6, fewFaces, int64(mostGrowth/1e6))
		} else {
			t.Logf("%d faces take %d MB more than %d", many, growth/1e6, fewFaces)
		}
	}
}

// child reads the faces of a folder in another process.
func child(t *testing.T, dir string, memory int64) (u usage) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryOfManyFaces$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+dir, MemoryEnv+"="+FormatMemory(memory))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, line, found := strings.Cut(string(out), "usage ")
	line, _, _ = strings.Cut(line, "\n")
	if err := json.Unmarshal([]byte(line), &u); err != nil || !found {
		t.Fatalf("%v\n%s", err, out)
	}
	return u
}

// readMany opens a folder of real faces as an experiment does and reads each training face once in a random order.
func readMany(t *testing.T, dir string) {
	var u usage
	start := time.Now()
	train, held, _, err := datasets.Train(dir, spec.Data{Train: []string{"faces"}, Holdout: 0.1}, 1, datasets.Skip)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := DefaultMemory()
	if err != nil {
		t.Fatal(err)
	}
	c := NewCache(memory)
	o := Options{Cache: c, Settled: filepath.Join(dir, "settled")}
	var sets []*Set
	for _, set := range []datasets.Set{train, held} {
		s, _, err := Open(t.Context(), set, o)
		if err != nil {
			t.Fatal(err)
		}
		sets = append(sets, s)
		u.Faces += s.Len()
	}
	u.Open = time.Since(start).Seconds()
	start = time.Now()
	for _, s := range sets {
		order := rand.New(rand.NewPCG(1, 1)).Perm(s.Len())
		var next atomic.Int64
		var wait sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wait.Go(func() {
				for {
					i := int(next.Add(1)) - 1
					if i >= len(order) {
						return
					}
					if _, err := s.Clip(t.Context(), order[i]); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		for i := range s.held {
			if s.held[i].Load() != nil {
				u.Cached++
			}
		}
	}
	u.Epoch = time.Since(start).Seconds()
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	u.Live = int64(stats.HeapAlloc)
	u.Peak = peak(t)
	runtime.KeepAlive(sets)
	text, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nusage %s\n", text)
}

// peak is the most memory that this process held.
func peak(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return 1024 * n
		}
	}
	t.Skip("the system does not tell the peak")
	return 0
}

// writeMany writes a folder of n faces, five of a person, each of another content.
func writeMany(t *testing.T, dir string, n int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "landmarks.csv"))
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(file)
	fmt.Fprint(out, "file,person,width,height")
	for i := range face.Landmarks {
		fmt.Fprintf(out, ",x%d,y%d", i, i)
	}
	img := picture(1, manySide)
	for i := range img.Pix {
		img.Pix[i] |= 0xf0
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	old := time.Now().Add(-time.Hour)
	for i := range n {
		name := fmt.Sprintf("%06d.png", i)
		img.SetRGBA(i%manySide, i/manySide%manySide, img.RGBAAt(0, 0))
		img.Pix[0], img.Pix[1], img.Pix[2] = byte(i), byte(i>>8), byte(i>>16)
		var text bytes.Buffer
		path := filepath.Join(dir, name)
		if err := errors.Join(encoder.Encode(&text, img), os.WriteFile(path, text.Bytes(), 0o600), os.Chtimes(path, old, old)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(out, "\n%s,person %d,%d,%d", name, i/5, manySide, manySide)
		for k, p := range face.Template(image.Rect(20, 20, 75, 75)) {
			fmt.Fprintf(out, ",%.2f,%.2f", p.X+float64((i+k)%100)/100, p.Y)
		}
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
}
