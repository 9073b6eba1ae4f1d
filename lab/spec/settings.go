package spec

// Settings returns the value of every key of [Keys].
func (s Spec) Settings() map[string]any {
	s = s.clone()
	settings := map[string]any{}
	for _, key := range Keys() {
		settings[key] = s.value(key).Interface()
	}
	return settings
}
