// Package networks holds the image systems of the paper's tables that bring a network of their own: the variational autoencoders of
// OC-FakeDect and the vision transformer of UIA-ViT. Importing it registers them.
package networks
