package nb

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/seeable-lab/seeable/lab/notebook"
)

// Param is a parameter of a notebook: def, unless the notebook was started with another value, as in
//
//	seelab notebook run tour -p steps=50
//
// The cell ends with a message if that value is none of def's type.
func Param[T int | float64 | bool | string | time.Duration](name string, def T) T {
	text, ok := os.LookupEnv(notebook.ParamEnv(name))
	if !ok {
		return def
	}
	var value any = text
	var err error
	switch any(def).(type) {
	case int:
		value, err = strconv.Atoi(text)
	case float64:
		value, err = strconv.ParseFloat(text, 64)
	case bool:
		value, err = strconv.ParseBool(text)
	case time.Duration:
		value, err = time.ParseDuration(text)
	}
	if err != nil {
		fail(fmt.Errorf("nb: parameter %s is %q, want a value like %v", name, text, def))
	}
	return value.(T)
}
