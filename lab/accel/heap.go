package accel

// heap.c takes effect by being linked.

import "C"
