package accel

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
)

// whole refuses a truncated ELF library: loading it would kill the process (SIGBUS). The section table lies at the end of a
// library, so if that can be read, nothing is missing. What is no ELF file is left to the loader.
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
