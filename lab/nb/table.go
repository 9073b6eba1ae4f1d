package nb

// Table shows a table; those of package table have this method.
func Table(t interface{ HTML() string }) {
	HTML(tableStyle + `<div class="seeable-table" style="overflow-x:auto">` + t.HTML() + "</div>")
}

// tableStyle outdoes Jupyter's own rules, which set everything flush right: the class twice weighs more than their two.
const tableStyle = `<style>
.seeable-table table { border-collapse: collapse; margin: 0 }
.seeable-table caption { text-align: left; font-weight: bold; white-space: nowrap }
div.seeable-table.seeable-table td, div.seeable-table.seeable-table tr, div.seeable-table.seeable-table th { text-align: left; vertical-align: top; padding: 2px 10px }
div.seeable-table.seeable-table td.number, div.seeable-table.seeable-table th.number { text-align: right; white-space: nowrap }
.seeable-table .mark td { font-weight: bold }
</style>`
