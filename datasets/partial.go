package datasets

import "slices"

// partialTest tells whether a set of faces lacks videos of the official test part of the data set that it is called by.
// Of FF++ the real videos are wanted, and those of each method that the set has at all. Of a set with another name
// nothing is known, and it is not partial.
func partialTest(name string, items []Item) bool {
	reals, fakes := 0, 0
	methods := map[string]int{} // videos of the official test part of FF++
	videos := map[string]bool{}
	for _, it := range items {
		if videos[it.VideoID()] {
			continue
		}
		videos[it.VideoID()] = true
		if it.Fake {
			fakes++
		} else {
			reals++
		}
		if it.Method == ffppOriginal || slices.Contains(ffppMethods, it.Method) {
			methods[it.Method] += 0
			if ffppSequences()[it.Identity].split == TestSplit {
				methods[it.Method]++
			}
		}
	}
	switch family(name) {
	case "FF++":
		test := ffppPart(TestSplit)
		if methods[ffppOriginal] < test {
			return true
		}
		for _, n := range methods {
			if n < test {
				return true
			}
		}
	case "DFD":
		return reals < dfdReals || fakes < dfdFakes
	case celebLayout:
		return reals < celebKinds[0].test+celebKinds[1].test || fakes < celebKinds[2].test
	case dfdcLayout:
		return reals < dfdcSizes[2].reals || fakes < dfdcSizes[2].fakes
	case dfdcpLayout:
		return reals < dfdcpSizes[1].reals || fakes < dfdcpSizes[1].fakes
	}
	return false
}
