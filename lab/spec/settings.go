package spec

// Settings returns the value of every key of [Keys], of the sub-tables only those of its own method.
func (s Spec) Settings() map[string]any {
	s = s.clone()
	settings := map[string]any{}
	keys, _ := ownKeys("")
	of, _ := ownKeys(s.Method)
	for _, key := range append(keys, of...) {
		settings[key] = s.value(key).Interface()
	}
	return settings
}
