// Package systems holds the image systems of the paper's tables beside SeeABLE and SBI; importing it registers them.
package systems
