package nb

// Table shows a table; those of package table have this method.
func Table(t interface{ HTML() string }) {
	HTML(`<style>.seeable-table table{border-collapse:collapse}.seeable-table caption{text-align:left;font-weight:bold}` +
		`.seeable-table td,.seeable-table th{text-align:left;padding:2px 10px}.seeable-table .number{text-align:right;white-space:nowrap}` +
		`.seeable-table .mark td{font-weight:bold}</style><div class="seeable-table">` + t.HTML() + "</div>")
}
