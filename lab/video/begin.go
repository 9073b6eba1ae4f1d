package video

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// signatures are how files begin that are often taken for videos.
var signatures = []struct{ begin, at, name string }{
	{"\x89PNG", "", "a PNG picture and no video: give it a picture's name"},
	{"\xff\xd8\xff", "", "a JPEG picture and no video: give it a picture's name"},
	{"RIFF", "WEBP", "WebP, which this ffmpeg cannot read as a video: convert it to MP4, or to PNG if it is a picture"},
	{"%PDF", "", "a PDF document"},
	{"PK\x03\x04", "", "a ZIP archive: unpack it"},
	{"\x1f\x8b", "", "a gzip archive: unpack it"},
	{"Rar!", "", "a RAR archive: unpack it"},
	{"7z\xbc\xaf", "", "a 7z archive: unpack it"},
	{"BM", "", "a BMP picture and no video: convert it to PNG"},
}

// beginning says what the file at path is by how it begins, if it is surely no video; else it is "".
func beginning(path string) string {
	in, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer in.Close()
	head := make([]byte, 512)
	n, _ := io.ReadFull(in, head)
	head = head[:n]
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.begin)) && (s.at == "" || len(head) >= 12 && string(head[8:12]) == s.at) {
			return "is " + s.name
		}
	}
	if n > 0 && len(bytes.Trim(head, "\x00")) == 0 {
		return "begins with zeros, as a download that is not finished does: fetch it again"
	}
	text, ok := asText(head)
	if !ok {
		return ""
	}
	const shown = 40
	lower := strings.ToLower(text)
	kind := "a text"
	for _, tag := range []string{"<html", "<!doctype", "<?xml", "<head", "<body"} {
		if strings.HasPrefix(lower, tag) {
			kind = "a web page"
		}
	}
	if runes := []rune(text); len(runes) > shown {
		text = string(runes[:shown]) + "…"
	}
	return fmt.Sprintf("begins with %q: it is %s; if it was downloaded, fetch it again", text, kind)
}

// asText is the beginning of a file of text, in one line; not ok if it is none. UTF-16 is told by its byte-order mark.
func asText(head []byte) (text string, ok bool) {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	default:
		head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	}
	for cut := 0; cut < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); cut++ {
		head = head[:len(head)-1] // a letter may be cut in two
	}
	if !utf8.Valid(head) {
		return "", false
	}
	for _, r := range string(head) {
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return "", false
		}
	}
	text = strings.Join(strings.Fields(string(head)), " ")
	return text, text != ""
}
