package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
)

// Digest returns the SHA-256 in hex of a set's item ids, labels, landmarks and image bytes, whatever the order of the
// items: two runs that report the same digest saw the same faces. Of a synthetic set it hashes the ids and every 64th
// drawing, which changes when the drawing code does.
func Digest(set Set) (string, error) {
	items := slices.Clone(set.Items)
	sortItems(items)
	total := sha256.New()
	for i, it := range items {
		content := sha256.New()
		switch {
		case it.render == nil:
			if err := hashFile(content, it.Path); err != nil {
				return "", fmt.Errorf("datasets: digest of %s: %w", it.ID(), err)
			}
		case i%64 == 0:
			content.Write(it.render().Image.Pix)
		}
		fmt.Fprintf(total, "%q %q %t %x\n", it.ID(), it.Identity, it.Fake, content.Sum(nil))
		if err := binary.Write(total, binary.LittleEndian, it.Landmarks); err != nil {
			return "", fmt.Errorf("datasets: digest of %s: %w", it.ID(), err)
		}
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

func hashFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
