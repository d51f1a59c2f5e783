package execute_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"corax"
	"corax/heal/execute"
	"corax/heal/execute/executetest"
)

// sshd is a real one, on a loopback port, for the user of this test alone.
type sshd struct {
	addr, user string
	hostKey    string // as a known_hosts line has it
	print      string
	key        string // file of the user's private key
}

// keyPair writes a new private key.
func keyPair(t *testing.T, file string) ssh.PublicKey {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func startSSHD(t *testing.T) sshd {
	t.Helper()
	binary, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		t.Skip("there is no sshd on this machine; the package openssh-server has it")
	}
	who, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if who.Uid == "0" { // it drops its rights into this directory
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { //nolint:gosec // as the system's own
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	s := sshd{addr: executetest.Gone(t), user: who.Username, key: filepath.Join(dir, "id")}
	host := keyPair(t, filepath.Join(dir, "host"))
	s.hostKey, s.print = "["+s.addr+"] "+strings.TrimSpace(string(ssh.MarshalAuthorizedKey(host))), ssh.FingerprintSHA256(host)
	own := ssh.MarshalAuthorizedKey(keyPair(t, s.key))
	if err := os.WriteFile(filepath.Join(dir, "authorized"), own, 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.addr)
	// A shell that is not the first one reads none of this user's start-up files.
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\n"+
		"StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nPidFile none\n"+
		"SetEnv SHLVL=9\n",
		port, dir, dir)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(binary, "-D", "-e", "-f", filepath.Join(dir, "config"))
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd said: %s", log.String())
		}
	})
	executetest.Await(t, "sshd", func() bool {
		c, err := net.Dial("tcp", s.addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return s
}

func (s sshd) host(name, addr string) corax.Host {
	return corax.Host{Name: name, Address: addr, User: s.user, Key: "file:" + s.key, HostKeys: []string{s.hostKey}}
}

func TestSSHConforms(t *testing.T) {
	server := startSSHD(t)
	executetest.Run(t, func(t *testing.T) executetest.Target {
		dir := t.TempDir()
		scripts(t, dir)
		proxy := executetest.NewProxy(t, server.addr)
		on := func(host string) func(string, map[string]string) corax.Call {
			return func(name string, args map[string]string) corax.Call {
				return corax.Call{SSH: &corax.SSHRun{Host: host, Run: name, Args: args}}
			}
		}
		target := scriptTarget(dir, on("web"))
		target.Executors.Hosts = []corax.Host{server.host("web", proxy.Addr), server.host("gone", executetest.Gone(t))}
		target.Executors.Commands = scriptCommands(dir, []string{"web", "gone"})
		target.Cut = func(t *testing.T) { proxy.Cut(t) }
		// Only what was told to end does: a cut connection tells nobody, so the test ends what it left.
		ended, cut := target.Ended, false
		target.Cut = func(t *testing.T) { cut = true; proxy.Cut(t) }
		target.Ended = func(t *testing.T) {
			if cut {
				for _, f := range []string{"child", "begun"} {
					kill(t, lines(t, filepath.Join(dir, f))[0])
				}
			}
			ended(t)
		}
		target.Missing, target.MissingToo = on("gone")("value", nil), on("gone")("store", map[string]string{"value": "x"})
		return target
	})
}

// A host that shows another key than the pinned one gets nothing, not even the name of the user.
func TestSSHTrustsOnlyWhatIsPinned(t *testing.T) {
	server := startSSHD(t)
	dir := t.TempDir()
	scripts(t, dir)
	other := keyPair(t, filepath.Join(dir, "other"))
	run := func(change func(*corax.Host)) execute.Result {
		h := server.host("web", server.addr)
		change(&h)
		set := execute.New(execute.Options{Executors: func() corax.Executors {
			return corax.Executors{Hosts: []corax.Host{h}, Commands: scriptCommands(dir, []string{"web"})}
		}})
		return set.Run(t.Context(), corax.Call{SSH: &corax.SSHRun{Host: "web", Run: "store", Args: map[string]string{"value": "x"}}},
			executetest.Literal{}, execute.Order{Key: "k"})
	}
	for _, c := range []struct {
		name   string
		change func(*corax.Host)
		want   execute.Outcome
		text   string
	}{
		{"line", func(*corax.Host) {}, execute.Done, ""},
		{"public key", func(h *corax.Host) { h.HostKeys = []string{strings.SplitN(server.hostKey, " ", 2)[1]} }, execute.Done, ""},
		{"fingerprint", func(h *corax.Host) { h.HostKeys = []string{server.print} }, execute.Done, ""},
		{"one of two", func(h *corax.Host) { h.HostKeys = []string{ssh.FingerprintSHA256(other), server.print} }, execute.Done, ""},
		{"another key", func(h *corax.Host) { h.HostKeys = []string{string(ssh.MarshalAuthorizedKey(other))} }, execute.Failed,
			"which is not pinned"},
		{"another fingerprint", func(h *corax.Host) { h.HostKeys = []string{ssh.FingerprintSHA256(other)} }, execute.Failed,
			"which is not pinned"},
		{"none", func(h *corax.Host) { h.HostKeys = nil }, execute.Failed, "no host key is pinned"},
		{"another user's key", func(h *corax.Host) { h.Key = "file:" + filepath.Join(dir, "other") }, execute.Failed,
			"unable to authenticate"},
		{"no key at all", func(h *corax.Host) { h.Key = "file:" + filepath.Join(dir, "store") }, execute.Failed,
			"not a private key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(lines(t, filepath.Join(dir, "effects")))
			r := run(c.change)
			if r.Outcome != c.want || !strings.Contains(r.Text, c.text) {
				t.Errorf("got %s, want %s with %q: %s", r.Outcome, c.want, c.text, r.Text)
			}
			did := len(lines(t, filepath.Join(dir, "effects"))) - before
			if did != map[execute.Outcome]int{execute.Done: 1}[c.want] {
				t.Errorf("it took effect %d times", did)
			}
		})
	}
}
