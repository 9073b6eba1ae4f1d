package notebook

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Server says how JupyterLab is served.
type Server struct {
	Port    int    // 0 for the first free one from 8888 on
	Book    string // path of the notebook that opens first, below the checkout
	Browser bool   // open the browser
	Params  map[string]string
	Env     []string // more of the environment, as in os.Environ
}

// Serve starts JupyterLab on 127.0.0.1, tells its address on out, opens the browser, and waits until ctx ends. Only who
// knows the address with its token can use it.
func (j *Jupyter) Serve(ctx context.Context, s Server, out io.Writer) error {
	port, err := freePort(s.Port)
	if err != nil {
		return err
	}
	token := rand.Text()
	cmd := j.command(ctx, inBrowser, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1",
		"--port="+strconv.Itoa(port), "--ServerApp.port_retries=0", "--ServerApp.root_dir="+j.root, "--log-level=ERROR")
	if os.Geteuid() == 0 {
		cmd.Args = append(cmd.Args, "--allow-root")
	}
	cmd.Env = append(append(cmd.Env, s.Env...), paramEnv(s.Params)...)
	cmd.Env = append(cmd.Env, "JUPYTER_TOKEN="+token) // other users can see arguments
	out = &locked{w: out}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	go func() { // cells need it, the server does not
		if err := j.compile(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(out, "%v\nCells that import it will fail until it does.\n", err)
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		awaitServer(ctx, base)
	}()
	select {
	case <-ready:
	case err := <-ended:
		return stopped(ctx, err)
	}
	if ctx.Err() == nil {
		address := base + "/lab"
		if s.Book != "" {
			address += "/tree/" + (&url.URL{Path: filepath.ToSlash(s.Book)}).EscapedPath()
		}
		address += "?token=" + token
		fmt.Fprintf(out, "JupyterLab is at %s\nCtrl-C stops it.\n", address)
		if s.Browser {
			go func() { // some wait until the browser ends
				if err := openBrowser(ctx, address); err != nil && ctx.Err() == nil {
					fmt.Fprintf(out, "No browser could be opened (%v): open the address yourself.\n", err)
				}
			}()
		}
	}
	return stopped(ctx, <-ended)
}

// stopped is the error of a server that ended: none if it was asked to.
func stopped(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		return nil // by its own menu
	}
	return fmt.Errorf("notebook: JupyterLab ended (%w); what it said stands above", err)
}

// awaitServer returns when the server answers or ctx ends.
func awaitServer(ctx context.Context, base string) {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{Proxy: nil}}
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api", nil)
		if err != nil {
			return
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// freePort returns the port wanted, which must be free, or for 0 the first free one from 8888 on.
func freePort(want int) (int, error) {
	const first, tries = 8888, 50
	ports := []int{want}
	if want == 0 {
		ports = ports[:0]
		for i := range tries {
			ports = append(ports, first+i)
		}
	}
	var err error
	for _, port := range ports {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	if want == 0 {
		return 0, fmt.Errorf("notebook: none of the ports %d to %d can be used (%w): give one by --port", first, first+tries-1, err)
	}
	return 0, fmt.Errorf("notebook: port %d cannot be used (%w): give another one, or none for the next that is free", want, err)
}

// openBrowser opens the address in the user's browser.
func openBrowser(ctx context.Context, address string) error {
	var program string
	var args []string
	switch runtime.GOOS {
	case "darwin":
		program = "open"
	case "windows":
		program, args = "rundll32", []string{"url.dll,FileProtocolHandler"}
	default:
		program = "xdg-open"
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return errors.New("there is no display")
		}
	}
	if out, err := exec.CommandContext(ctx, program, append(args, address)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w %s", program, err, strings.TrimSpace(string(out)))
	}
	return nil
}
