package safetensors

import (
	"fmt"
	"math"
)

// halfLimit is the least magnitude that rounds to infinity in float16, whose largest number is 65504.
const halfLimit = 65520

// toHalf is the float16 (IEEE 754 binary16) that is nearest to x, ties to the even one. |x| is less than [halfLimit].
func toHalf(x float32) uint16 {
	bits := math.Float32bits(x)
	sign, size := uint16(bits>>16&0x8000), bits&0x7fffffff
	if math.Abs(float64(x)) < 0x1p-14 { // subnormal: multiples of 2⁻²⁴; the next after the last is the least normal one
		return sign | uint16(math.RoundToEven(math.Abs(float64(x))*0x1p24))
	}
	const bias = (127 - 15) << 23
	return sign | uint16((size-bias+0xfff+size>>13&1)>>13)
}

// fromHalf is the value of a float16, which float32 holds exactly.
func fromHalf(h uint16) float32 {
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	var size float64
	switch exponent {
	case 0:
		size = fraction * 0x1p-24
	case 31:
		if size = math.Inf(1); fraction != 0 {
			size = math.NaN()
		}
	default:
		size = math.Ldexp(1024+fraction, exponent-25)
	}
	return float32(math.Copysign(size, float64(int16(h))))
}

// checkHalf names the first value that is too large for float16.
func checkHalf(values []float32) error {
	for i, v := range values {
		if math.Abs(float64(v)) >= halfLimit {
			return fmt.Errorf("element %d is %v, too large for float16; write the tensor as float32", i, v)
		}
	}
	return nil
}
