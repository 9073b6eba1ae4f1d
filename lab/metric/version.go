package metric

// Version names the way from scores to figures: how faces are pooled, ties counted, intervals drawn. It changes when the
// same scores would give another figure, and only then; runs record it, and tables refuse to put figures of two versions
// side by side.
const Version = "3"
