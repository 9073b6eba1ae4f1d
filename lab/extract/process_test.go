//go:build unix

package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/datasets"
	"github.com/seeable-lab/seeable/datasets/layout"
	"github.com/seeable-lab/seeable/lab/video"
)

// jobEnv tells this test's program that it is started as an extractor.
const jobEnv = "SEEABLE_EXTRACT_JOB"

// extraction is what such a process does: it extracts with fake nets and prints the name of each video when it begins with
// it.
type extraction struct {
	Data, Cache string
	Params      Params
	Workers     int
}

func TestMain(m *testing.M) {
	text := os.Getenv(jobEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var j extraction
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := j.do(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (j extraction) do() error {
	sets, err := layout.Open(j.Data, datasets.Strict)
	if err != nil {
		return err
	}
	c, err := Open(j.Cache, j.Data, j.Params)
	if err != nil {
		return err
	}
	nets := &fakeNets{}
	x := nets.extractor()
	pictures := x.pictures
	x.pictures = func(ctx context.Context, v layout.Video, n, run int) iter.Seq2[video.Frame, error] {
		fmt.Println(v.ID())
		return pictures(ctx, v, n, run)
	}
	_, err = c.Extract(context.Background(), sets[0], sets[0].Videos, Options{Extractor: x, Workers: j.Workers})
	return err
}

func (j extraction) command(t *testing.T) (cmd *exec.Cmd, begun *bytes.Buffer) {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	begun = &bytes.Buffer{}
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), jobEnv+"="+string(text))
	cmd.Stdout, cmd.Stderr = begun, os.Stderr
	return cmd, begun
}

// slowVideos is a data set of n videos that take a while.
func slowVideos(t *testing.T, n int) layout.Dataset {
	files := map[string]string{}
	for i := range n {
		kind := []string{"real", "fake/swap"}[i%2]
		files[fmt.Sprintf("%s/v%02d.mp4", kind, i)] = fmt.Sprint("slow ", i)
	}
	return wild(t, files)
}

// undisturbed is what an extraction of the data set leaves.
func undisturbed(t *testing.T, d layout.Dataset, p Params) map[string]string {
	t.Helper()
	c := cached(t, p)
	if _, err := c.Extract(t.Context(), d, d.Videos, Options{Extractor: (&fakeNets{}).extractor()}); err != nil {
		t.Fatal(err)
	}
	return tree(t, c.dir)
}

// Killed again and again, an extractor loses each time no more than the videos at hand.
func TestKilled(t *testing.T) {
	n := 24
	if testing.Short() {
		n = 8
	}
	d, p := slowVideos(t, n), Params{Frames: 6, Margin: 0.5, Side: 32}
	want := undisturbed(t, d, p)
	c := cached(t, p)
	const workers = 2
	begun, kills := map[string]int{}, 0
	rng := rand.New(rand.NewPCG(1, 2))
	for done := false; !done; {
		cmd, out := extraction{d.Dir, c.root, p, workers}.command(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// From before the first video to some of them; longer each time, so that it ends on a slow machine too.
		after := time.AfterFunc(time.Duration((20+rng.IntN(80))*(1+kills/4))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		after.Stop()
		if done = err == nil; !done {
			if cmd.ProcessState.Exited() {
				t.Fatal("the extractor has failed")
			}
			kills++
		}
		for _, id := range strings.Fields(out.String()) {
			begun[id]++
		}
		// What is there is there in full.
		for _, v := range d.Videos {
			sum, err := c.digest(v, false)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(c.set(d), place(v, sum))
			if _, err := os.Stat(dir); err != nil {
				continue
			}
			e, ok := readEntry(dir)
			if !ok || len(e.Frames) != p.Frames {
				t.Fatalf("%s is not all there", dir)
			}
		}
	}
	total := 0
	for _, times := range begun {
		total += times
	}
	if len(begun) != n || total > n+workers*kills || kills == 0 {
		t.Errorf("%d of %d videos begun %d times in all with %d kills; want at most %d", len(begun), n, total, kills, n+workers*kills)
	}
	if wrong := difference(tree(t, c.dir), want); wrong != nil {
		t.Errorf("it ends with others than undisturbed: %v", wrong)
	}
	t.Logf("%d videos, killed %d times, begun %d times", n, kills, total)
}

// Two extractors share the work: each video is done by one of them, and both find all of it.
func TestTwoAtOnce(t *testing.T) {
	d, p := slowVideos(t, 12), Params{Frames: 4, Margin: 0.5, Side: 32}
	want := undisturbed(t, d, p)
	c := cached(t, p)
	var outs []*bytes.Buffer
	var group sync.WaitGroup
	for range 3 {
		cmd, out := extraction{d.Dir, c.root, p, 2}.command(t)
		outs = append(outs, out)
		group.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	begun := map[string]int{}
	for _, out := range outs {
		for _, id := range strings.Fields(out.String()) {
			begun[id]++
		}
	}
	for id, n := range begun {
		if n != 1 {
			t.Errorf("%s was done %d times", id, n)
		}
	}
	if wrong := difference(tree(t, c.dir), want); len(begun) != 12 || wrong != nil {
		t.Errorf("%d videos, and it ends with others than undisturbed: %v", len(begun), wrong)
	}
	if _, _, err := again(t, c).Test(d, false, datasets.Strict); err != nil {
		t.Error(err)
	}
}
