package spec

import (
	"fmt"
	"reflect"
	"strings"
)

// Doc is the line about a key of [Keys], with the names that are linked.
func Doc(key string) string {
	line := ""
	fieldsOf(reflect.TypeFor[Spec](), "", func(k string, field reflect.StructField) {
		if k == key {
			line = field.Tag.Get("doc")
		}
	})
	for _, info := range methods.list() {
		if name, ok := strings.CutPrefix(key, info.Name+"."); ok && info.Table != nil {
			fieldsOf(reflect.TypeOf(info.Table), "", func(k string, field reflect.StructField) {
				if k == name {
					line = field.Tag.Get("doc")
				}
			})
		}
	}
	var scores []string
	for _, info := range methods.list() {
		var names []string
		for _, score := range info.Scores {
			names = append(names, score.Name)
		}
		scores = append(scores, strings.Join(names, " | ")+" of "+info.Name)
	}
	var compressions []string
	for _, c := range Compressions {
		compressions = append(compressions, fmt.Sprintf("%s (%s)", c.Name, c.Doc))
	}
	return strings.NewReplacer(
		"{methods}", strings.Join(methods.names(), " | "),
		"{encoders}", strings.Join(encoders.names(), " | "),
		"{losses}", strings.Join(losses.names(), " | "),
		"{scores}", strings.Join(scores, ", "),
		"{pseudos}", strings.Join(pseudos.names(), " | "),
		"{compressions}", strings.Join(compressions, " | "),
	).Replace(line)
}
