package cnn

// usePlain turns the assembly off until the function it returns is called.
func usePlain() func() {
	was := avx2
	avx2 = false
	return func() { avx2 = was }
}
