# Writes proc.json, DeLong intervals and paired tests as R's pROC computes them.
#
#     Rscript make_proc.R > proc.json        (Debian: r-cran-proc)

suppressPackageStartupMessages(library(pROC))

numbers <- function(x, digits = 17) paste(sprintf("%.*g", digits, x), collapse = ",")
set.seed(20240601)
cases <- c()
for (n in c(6, 12, 40, 41, 100, 300)) for (digits in c(0, 1, 4)) {
	fake <- c(0, 0, 1, 1, rbinom(n - 4, 1, 0.6))
	a <- round(rnorm(n) + 0.8 * fake, digits)
	b <- round(0.5 * a + rnorm(n) + 0.2 * fake, digits)
	ra <- roc(fake, a, levels = c(0, 1), direction = "<", quiet = TRUE)
	rb <- roc(fake, b, levels = c(0, 1), direction = "<", quiet = TRUE)
	interval <- as.numeric(ci.auc(ra, method = "delong", conf.level = 0.95))
	test <- roc.test(ra, rb, method = "delong", paired = TRUE)
	cases <- c(cases, sprintf('{"a":[%s],"b":[%s],"fake":[%s],"auc":[%s],"std_error":%s,"interval":[%s],"z":%s,"p":%s}',
		numbers(a, 6), numbers(b, 6), numbers(fake), numbers(c(auc(ra), auc(rb))), numbers(sqrt(var(ra, method = "delong"))),
		numbers(interval[c(1, 3)]), numbers(test$statistic), numbers(test$p.value)))
}
cat(sprintf('{"made_by":"make_proc.R, %s, pROC %s","cases":[\n%s\n]}\n', R.version.string, packageVersion("pROC"), paste(cases, collapse = ",\n")))
