package execute

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"corax"
)

// lettingGo is how long a remote command may take to end after it was told to.
const lettingGo = time.Second

// sshExecutor runs declared commands on declared hosts. Each call has a connection of its own: calls are few, and
// nothing is left over from the one before.
type sshExecutor struct{ o *Options }

func newSSH(o *Options) Executor { return sshExecutor{o} }

func (x sshExecutor) Close() {}

// Keys: a remote command gets the key where its argv has a place for it.
func (x sshExecutor) Keys(call corax.Call) Keying {
	if d, err := commandNamed(x.o.Executors(), call.SSH.Run); err == nil && takesKey(d.Argv) {
		return CarriesKey
	}
	return NoKey
}

// Named is the command, and the host that it runs on.
func (x sshExecutor) Named(call corax.Call, v Values) any {
	all := x.o.Executors()
	return []any{meant(all.Commands, call.SSH.Run, v, commandName), meant(all.Hosts, call.SSH.Host, v, hostName)}
}

func (x sshExecutor) Check(c Checks, field string, call corax.Call, read bool) {
	all, s := x.o.Executors(), call.SSH
	checkRun(c, field, all, s.Run, s.Args, read)
	checkPlace(c, field+".host", s.Host, names(all.Hosts, hostName))
	d, err := commandNamed(all, s.Run)
	if err == nil && !strings.Contains(s.Host, "${") && !slices.Contains(d.Hosts, s.Host) {
		c.Fail(field+".run", "name the host in the command's hosts", "command %s is not declared for %s", s.Run, s.Host)
	}
}

func hostName(h corax.Host) string { return h.Name }

func names[T any](list []T, of func(T) string) []string {
	all := make([]string, len(list))
	for n, item := range list {
		all[n] = of(item)
	}
	return all
}

// checkPlace checks the name of what a call goes to: it is declared, or chosen by the topology.
func checkPlace(c Checks, field, name string, declared []string) {
	if strings.Contains(name, "${") {
		c.Topology(field, name)
		return
	}
	if !slices.Contains(declared, name) {
		c.Fail(field, "declare it under executors", "%q is not declared", name)
	}
}

// remote is a command on a host with every value in its place.
type remote struct {
	o       *Options
	host    corax.Host
	command corax.Command
	args    map[string]string
}

func (x sshExecutor) Bind(call corax.Call, v Values) (Bound, error) {
	all := x.o.Executors()
	name, err := v.Text(call.SSH.Host)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	r := remote{o: x.o}
	if r.host, err = named(all.Hosts, name, hostName); err != nil {
		return nil, fmt.Errorf("host %w", err)
	}
	if r.command, err = commandNamed(all, call.SSH.Run); err != nil {
		return nil, fmt.Errorf("command %w", err)
	}
	if !slices.Contains(r.command.Hosts, name) {
		return nil, fmt.Errorf("command %s is not declared for host %s", r.command.Name, name)
	}
	if r.args, err = arguments(call.SSH.Args, v); err != nil {
		return nil, err
	}
	_, err = fill(r.command.Argv, r.args, "")
	return r, err
}

func (r remote) String() string { return "on " + r.host.Name + ": " + shown(r.command, r.args) }

// Run connects, checks the host's key, and runs the command once. When ctx ends, the command is told to end and the
// connection is closed.
func (r remote) Run(ctx context.Context, o Order) Result {
	what := r.command.Name + " on " + r.host.Name
	argv, err := fill(r.command.Argv, r.args, o.Key)
	if err != nil {
		return failed(fmt.Errorf("%s: %w", what, err))
	}
	client, outcome, err := r.connect(ctx)
	if err != nil {
		return Result{Outcome: outcome, Text: what + ": " + err.Error()}
	}
	defer func() { _ = client.Close() }()
	hangUp := context.AfterFunc(ctx, func() {
		time.AfterFunc(2*lettingGo, func() { _ = client.Close() }) // closing twice is harmless
	})
	defer hangUp()
	session, err := client.NewSession()
	if err != nil {
		return Result{Outcome: Failed, Text: what + ": open a session: " + err.Error()}
	}
	out := headed{named: make(chan struct{})}
	var errs bounded
	session.Stdout, session.Stderr = &out, &errs
	if err := session.Start(headline + "$$; exec " + quote(argv)); err != nil {
		return Result{Outcome: o.silent(), Text: what + ": start: " + err.Error()}
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(stopped); kill(client, out.group(lettingGo)) })
	err = session.Wait()
	if !stop() {
		<-stopped
	}
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return ended(r.command, what, o, 0, &out.bounded, &errs)
	case errors.As(err, &exit) && exit.Signal() == "":
		return ended(r.command, what, o, exit.ExitStatus(), &out.bounded, &errs)
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return Result{Outcome: o.silent(), Text: what + ": ended without a status: " + err.Error(), output: said(&out.bounded, &errs)}
}

// headline begins what a remote shell says first: its process, which becomes the command's, and leads a group.
const headline = "echo corax:"

// headed is output whose first line names the process that it comes from.
type headed struct {
	bounded
	head  []byte
	read  bool
	pid   int
	named chan struct{} // closed when pid is known, or known not to come
}

func (h *headed) Write(p []byte) (int, error) {
	if h.read {
		return h.bounded.Write(p)
	}
	h.head = append(h.head, p...)
	line, rest, ok := bytes.Cut(h.head, []byte("\n"))
	if !ok && len(h.head) < maxShown {
		return len(p), nil
	}
	h.read = true
	if _, err := fmt.Sscanf(string(line), "corax:%d", &h.pid); err != nil {
		rest = h.head // a host that runs something else whatever it is asked
	}
	close(h.named)
	_, _ = h.bounded.Write(rest)
	return len(p), nil
}

// group is the process group, or 0 where it is not named in time.
func (h *headed) group(patience time.Duration) int {
	select {
	case <-h.named:
		return h.pid
	case <-time.After(patience):
		return 0
	}
}

// kill ends a remote process group. It is done by another command, since the signals of the protocol don't reach the
// processes of root on a usual server.
func kill(client *ssh.Client, group int) {
	if group <= 1 {
		return
	}
	if session, err := client.NewSession(); err == nil {
		_ = session.Run(fmt.Sprintf("kill -s KILL -- -%d", group)) // where it fails, it has ended
		_ = session.Close()
	}
}

// connect gives a connection to the very host that was declared. Nothing has been asked of it when it fails.
func (r remote) connect(ctx context.Context) (*ssh.Client, Outcome, error) {
	config, err := r.config(ctx)
	if err != nil {
		return nil, Failed, err
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", r.host.Address)
	if err != nil {
		return nil, Away, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, r.host.Address, config)
	if err != nil {
		_ = conn.Close()
		outcome := Failed
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded) {
			outcome = Away // somebody hung up before saying who they are
		}
		return nil, outcome, err
	}
	return ssh.NewClient(c, channels, requests), Done, nil
}

func (r remote) config(ctx context.Context) (*ssh.ClientConfig, error) {
	pins, err := parsePins(r.host.HostKeys)
	if err != nil {
		return nil, err
	}
	c := &ssh.ClientConfig{User: r.host.User, HostKeyAlgorithms: pins.algorithms(), HostKeyCallback: pins.check}
	password := ""
	if r.host.Password != "" {
		secret, err := r.o.secret(ctx, r.host.Password)
		if err != nil {
			return nil, err
		}
		defer secret.Wipe()
		_ = secret.Use(func(value string) error { password = value; return nil })
	}
	if r.host.Key == "" {
		c.Auth = []ssh.AuthMethod{ssh.Password(password)}
		return c, nil
	}
	secret, err := r.o.secret(ctx, r.host.Key)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	return c, secret.Use(func(value string) error {
		text := []byte(value + "\n")
		defer clear(text)
		signer, err := ssh.ParsePrivateKey(text)
		if password != "" {
			signer, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(password))
		}
		if err != nil {
			return errors.New("the credential " + r.host.Key + " is not a private key that can be used")
		}
		c.Auth = []ssh.AuthMethod{ssh.PublicKeys(signer)}
		return nil
	})
}

// pins are the keys that a host may show.
type pins struct {
	prints []string // SHA256:...
	keys   []ssh.PublicKey
}

// parsePins reads fingerprints, and lines as known_hosts and public key files have them.
func parsePins(lines []string) (p pins, err error) {
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) == 1 && strings.HasPrefix(line, "SHA256:") {
			sum, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(line, "SHA256:"))
			if err != nil || len(sum) != sha256.Size {
				return p, fmt.Errorf("%q is not a fingerprint", line)
			}
			p.prints = append(p.prints, line)
			continue
		}
		if len(fields) >= 3 && !strings.HasPrefix(line, "@") && !strings.HasPrefix(fields[1], "AAAA") {
			fields = fields[1:] // the host of a known_hosts line: which one it is for is said by where it stands
		}
		key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(strings.Join(fields, " ")))
		if err != nil || len(rest) > 0 {
			return p, fmt.Errorf("%q is neither a fingerprint nor a public key", line)
		}
		p.keys = append(p.keys, key)
	}
	if len(p.prints)+len(p.keys) == 0 {
		return p, errors.New("no host key is pinned")
	}
	return p, nil
}

// algorithms asks the host for a key of a kind that is pinned; otherwise it might show another that it also has.
func (p pins) algorithms() []string {
	rsa := []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	if len(p.prints) > 0 { // of which kind, a fingerprint doesn't say
		return append([]string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521}, rsa...)
	}
	var kinds []string
	for _, k := range p.keys {
		if k.Type() == ssh.KeyAlgoRSA {
			kinds = append(kinds, rsa...)
			continue
		}
		kinds = append(kinds, k.Type())
	}
	return kinds
}

func (p pins) check(host string, _ net.Addr, key ssh.PublicKey) error {
	print := ssh.FingerprintSHA256(key)
	if slices.Contains(p.prints, print) || slices.ContainsFunc(p.keys, func(k ssh.PublicKey) bool {
		return string(k.Marshal()) == string(key.Marshal())
	}) {
		return nil
	}
	return fmt.Errorf("%s shows the %s key %s, which is not pinned: somebody else may be answering, so nothing was sent",
		host, key.Type(), print)
}
