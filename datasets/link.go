package datasets

import (
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// longestLink bounds the text of a link, in bytes.
const longestLink = 4096

// Folder is the folder of a name below a data root, as in "real/ytfaces"; links are followed ([FollowLink]).
func Folder(root, name string) string {
	return FollowLink(filepath.Join(root, filepath.FromSlash(name)))
}

// FollowLink returns the folder that path leads to. Where symbolic links cannot be made, or core.symlinks is false, Git checks
// one out as a file that has the link's target as its text; such a file is followed like the link that it stands for. Any
// other path is returned as it is.
func FollowLink(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || info.Size() > longestLink {
		return path
	}
	text, err := os.ReadFile(path)
	target := string(text)
	if err != nil || !utf8.ValidString(target) || strings.ContainsAny(target, "\r\n\x00") {
		return path
	}
	if target = filepath.FromSlash(target); !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	if info, err = os.Stat(target); err != nil || !info.IsDir() {
		return path
	}
	return target
}
