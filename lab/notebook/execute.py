"""Runs notebooks without a browser. Reads one JSON object from standard input,

    {"timeout": seconds a cell, "books": [{"path": notebook, "out": where the executed one goes, "html": page or ""}]}

and writes a JSON object a line for every cell that ended, {"book", "cell", "seconds"}, and one for a cell that failed,
with "error" besides. The executed notebook is written in any case. Stops at the first cell that fails."""

import json
import pathlib
import signal
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError


def say(**event):
    print(json.dumps(event), flush=True)


def page(book, path):
    from nbconvert import HTMLExporter

    # The page asks nobody for RequireJS, jQuery, MathJax and Mermaid.
    exporter = HTMLExporter(require_js_url="", jquery_url="", mathjax_url="", mermaid_js_url="")
    path.write_text(exporter.from_notebook_node(book, {"metadata": {"name": path.stem}})[0], encoding="utf-8")


def run(path, out, html, timeout):
    book = nbformat.read(path, as_version=4)
    started = {}

    def starts(cell, cell_index):
        started[cell_index] = time.monotonic()

    def ended(cell, cell_index, execute_reply):
        failed = execute_reply["content"]["status"] != "ok"
        if not failed:
            say(book=str(path), cell=cell_index, seconds=time.monotonic() - started[cell_index])

    client = NotebookClient(
        book,
        kernel_name=book.metadata.kernelspec.name,
        timeout=timeout,
        coalesce_streams=True,
        on_cell_execute=starts,
        on_cell_executed=ended,
        resources={"metadata": {"path": str(path.parent)}},
    )
    error = ""
    try:
        client.execute()
    except CellExecutionError as e:
        error = e.evalue or str(e)
    except CellTimeoutError:
        error = f"took longer than {timeout} seconds"
    except DeadKernelError:
        error = "the kernel died"
    finally:
        out.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(book, out)
        if html:
            page(book, pathlib.Path(html))
    if error:
        cell = max(started) if started else 0
        say(book=str(path), cell=cell, seconds=time.monotonic() - started.get(cell, time.monotonic()), error=error)
    return not error


def main():
    # Being asked to stop ends the kernel too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    order = json.load(sys.stdin)
    for book in order["books"]:
        if not run(pathlib.Path(book["path"]), pathlib.Path(book["out"]), book["html"], order["timeout"]):
            return


main()
