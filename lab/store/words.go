package store

import "fmt"

// On says on how many faces of how many people a network was trained, and whether it saw fakes.
func (t Training) On() string {
	who := ""
	if t.People > 0 {
		who = fmt.Sprintf(" of %s people", Thousands(t.People))
	}
	if t.Fakes > 0 {
		return fmt.Sprintf("trained on %s real faces and %s labelled fakes%s", Thousands(t.Faces-t.Fakes), Thousands(t.Fakes), who)
	}
	return fmt.Sprintf("trained on %s real faces%s, no fakes", Thousands(t.Faces), who)
}

// Thousands prints 3248 as 3,248.
func Thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
