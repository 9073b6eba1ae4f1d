// Package systems holds the image systems of the paper's tables beside SeeABLE and SBI; importing it registers them. Those that are
// known for their samples are here, those that are known for their networks in package networks.
package systems

import _ "github.com/seeable-lab/seeable/lab/systems/networks" // registers its systems
