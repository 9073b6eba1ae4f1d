package accel_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seeable-lab/seeable/lab/accel"
)

// Pure Go never trains by accident.
func Example() {
	_, err := accel.Open(context.Background(), accel.Options{Backend: "go", Training: true})
	fmt.Println(errors.Is(err, accel.ErrPureGo))

	a, err := accel.Open(context.Background(), accel.Options{Backend: "go", Training: true, PureGo: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()
	fmt.Println(a.Backend.NumDevices(), "device")
	// Output:
	// true
	// 1 device
}
