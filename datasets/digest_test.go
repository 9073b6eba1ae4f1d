package datasets

import (
	"slices"
	"testing"
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

func TestDigestSynthetic(t *testing.T) {
	a, _ := Synthetic(1)
	b, _ := Synthetic(2)
	a.Items, b.Items = a.Items[:65], b.Items[:65]
	one, err := Digest(a)
	if err != nil {
		t.Fatal(err)
	}
	if two, _ := Digest(b); one == two {
		t.Error("two seeds share a digest")
	}
	if again, _ := Digest(a); one != again {
		t.Error("the digest changes from call to call")
	}
}
