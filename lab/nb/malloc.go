package nb

import _ "github.com/seeable-lab/seeable/lab/accel/malloc" // cells train as fast as seelab does
