package spec

import "strings"

// Values splits a text of [Spec.TOML] into keys, in the order of the file, and the TOML text of their values. It is for
// lists of many specs, of this version or an older one: nothing is checked.
func Values(text string) (keys []string, values map[string]string) {
	values = make(map[string]string, 96)
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]") + "."
		} else if key, value, ok := strings.Cut(line, " = "); ok {
			keys = append(keys, section+key)
			values[section+key] = value
		}
	}
	return keys, values
}
