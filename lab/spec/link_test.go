package spec_test

// The tests are about the lab's own methods, encoders and losses.
import _ "github.com/seeable-lab/seeable/lab/method"
