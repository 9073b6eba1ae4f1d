package accel

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
)

// whole refuses an ELF library of which a part is missing: the process would be killed while it is loaded. The table of its
// sections comes last in a library, so that one that can be read tells that nothing is. What is no ELF file it leaves to
// the loader.
func whole(library string) error {
	f, err := os.Open(library)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := io.ReadFull(f, magic); err != nil || !bytes.Equal(magic, []byte(elf.ELFMAG)) {
		return nil
	}
	if _, err := elf.NewFile(f); err != nil {
		return fmt.Errorf("%s is cut short or damaged (%w); bring it again", library, err)
	}
	return nil
}
