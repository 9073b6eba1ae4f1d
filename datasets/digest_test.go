package datasets

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seeable-lab/seeable/lab/face"
)

func TestDigest(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.jpg", "one", "b.jpg", "two", "manifest.csv", "file\na.jpg\nb.jpg\n")
	set, _, err := OpenReal(dir, Strict)
	if err != nil {
		t.Fatal(err)
	}
	digest := func(s Set) string {
		d, err := Digest(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := digest(set)
	if len(first) != 64 {
		t.Errorf("digest %q", first)
	}
	turned := Set{Items: slices.Clone(set.Items)}
	slices.Reverse(turned.Items)
	if digest(turned) != first {
		t.Error("the order of the items changes the digest")
	}
	turned.Items[0].Fake = true
	if digest(turned) == first {
		t.Error("a changed label does not change the digest")
	}
	write(t, dir, "b.jpg", "TWO") // of the same length
	if digest(set) == first {
		t.Error("a changed image does not change the digest")
	}
	set.Items[0].Path += ".gone"
	if _, err := Digest(set); err == nil {
		t.Error("no error for a missing image")
	}
}

func TestDigestDrawn(t *testing.T) {
	// 65 faces: the digest draws every 64th, so the first and the last.
	set := func(shade uint8) (s Set) {
		for i := range 65 {
			s.Items = append(s.Items, Item{Dataset: "drawn", Video: fmt.Sprintf("%02d", i), File: "a", Draw: func() face.Face {
				m := image.NewRGBA(image.Rect(0, 0, 2, 2))
				m.Pix[0] = shade * uint8(i)
				return face.Face{Image: m}
			}})
		}
		return s
	}
	a, b := set(1), set(2)
	one, err := Digest(a)
	if err != nil {
		t.Fatal(err)
	}
	if two, _ := Digest(b); one == two {
		t.Error("two drawings share a digest")
	}
	if again, _ := Digest(a); one != again {
		t.Error("the digest changes from call to call")
	}
}

// The cache gives the digest that reading gives, whatever happens to the files: same size and a change in the same instant
// too.
func TestCachedDigest(t *testing.T) {
	dir, cache := t.TempDir(), filepath.Join(t.TempDir(), "deep", "cache")
	write(t, dir, "a.jpg", "one", "b.jpg", "two", "manifest.csv", "file\na.jpg\nb.jpg\n")
	set, _, err := OpenReal(dir, Strict)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string) {
		t.Helper()
		want, err := Digest(set)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := CachedDigest(set, cache); got != want || err != nil {
				t.Errorf("%s: digest %s, error %v, want %s", what, got, err, want)
			}
		}
	}
	check("at first")
	write(t, dir, "b.jpg", "TWO")
	check("changed in the same instant")
	past := time.Now().Add(-time.Hour)
	for _, name := range []string{"a.jpg", "b.jpg"} {
		if err := os.Chtimes(filepath.Join(dir, name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	check("an hour old")
	// From now on the cache answers: a file of that size and time is not read.
	write(t, dir, "b.jpg", "2wo")
	if err := os.Chtimes(filepath.Join(dir, "b.jpg"), past, past); err != nil {
		t.Fatal(err)
	}
	hidden, err := CachedDigest(set, cache)
	if read, _ := Digest(set); err != nil || hidden == read {
		t.Errorf("digest %s, error %v: the cache does not answer", hidden, err)
	}
	write(t, dir, "b.jpg", "two!")
	check("another size")
	files, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the cache holds %q, error %v", files, err)
	}
	for _, text := range []string{"", "a,b\n\"", "x,1,2,3\n" + strings.Repeat("y", 100)} {
		if err := os.WriteFile(files[0], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		check("a damaged cache")
	}
	if got, err := CachedDigest(set, filepath.Join(dir, "a.jpg")); err != nil {
		t.Errorf("digest %s, error %v where there can be no cache", got, err)
	}
}

func TestFileDigests(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.mp4", "one", "b.mp4", "two")
	a, b, kept := filepath.Join(dir, "a.mp4"), filepath.Join(dir, "b.mp4"), filepath.Join(dir, "kept", "digests.csv")
	old := time.Now().Add(-time.Hour)
	for _, path := range []string{a, b} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	first, second := OpenDigests(kept), OpenDigests(kept)
	if _, ok := first.Known(a); ok {
		t.Error("a file is known before it was read")
	}
	sum, err := first.Of(a)
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte("one"))); err != nil || sum != want {
		t.Fatalf("digest %s, %v; want %s", sum, err, want)
	}
	if _, err := second.Of(b); err != nil {
		t.Fatal(err)
	}
	// Two processes save, each what it has read.
	for _, d := range []*FileDigests{first, second} {
		if err := d.Save(); err != nil {
			t.Fatal(err)
		}
	}
	third := OpenDigests(kept)
	if got, ok := third.Known(a); !ok || got != sum {
		t.Errorf("saved %q, %v; want %s", got, ok, sum)
	}
	if _, ok := third.Known(b); !ok {
		t.Error("what the second process has saved is lost")
	}
	if err := os.Symlink(a, filepath.Join(dir, "link.mp4")); err != nil {
		t.Fatal(err)
	}
	if got, ok := third.Known(filepath.Join(dir, "link.mp4")); !ok || got != sum {
		t.Errorf("through a link: %q, %v", got, ok)
	}
	write(t, dir, "a.mp4", "ONE")
	if _, ok := third.Known(a); ok {
		t.Error("a changed file is known")
	}
	if got, err := third.Of(a); err != nil || got == sum {
		t.Errorf("a changed file has digest %s, %v", got, err)
	}
	if _, err := third.Of(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
}
