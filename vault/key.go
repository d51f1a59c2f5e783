package vault

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"corax"
)

// KeySource says where the key of a vault is: "file:PATH", which nobody else may read, "env:NAME", or
// "command:PATH ARGUMENT...", a program that prints it (a secret store's client, a TPM's tool). No shell is involved:
// words are parted at spaces.
type KeySource string

const (
	schemeCommand = "command"
	commandWithin = 10 * time.Second
)

// CheckKey says whether the source has the right form.
func (s KeySource) CheckKey() error {
	scheme, rest, _ := strings.Cut(string(s), ":")
	if strings.TrimSpace(rest) == "" || scheme != schemeFile && scheme != schemeEnv && scheme != schemeCommand {
		return &corax.Error{Code: corax.Invalid, Op: "find the vault's key", Err: errors.New("not a reference to a key"),
			Hint: "write file:PATH, env:NAME or command:PROGRAM ARGUMENTS; never the key itself"}
	}
	return nil
}

// Key reads the key.
func (s KeySource) Key() (Key, error) {
	if err := s.CheckKey(); err != nil {
		return Key{}, err
	}
	scheme, rest, _ := strings.Cut(string(s), ":")
	var text []byte
	var err error
	switch scheme {
	case schemeFile:
		text, err = privateFile(rest)
	case schemeEnv:
		text = []byte(os.Getenv(rest))
	default:
		text, err = output(rest)
	}
	defer clear(text)
	if err != nil {
		return Key{}, &corax.Error{Code: corax.Unavailable, Op: "read the vault's key from " + scheme + ":" + firstWord(rest), Err: err,
			Hint: "check that it is there, and for its owner only"}
	}
	return ParseKey(text)
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return word
}

func privateFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if err := private(file); err != nil {
		return nil, err
	}
	return readFile(path)
}

// output is what a program prints. What it says on standard error is not repeated: it may hold the key.
func output(line string) ([]byte, error) {
	words := strings.Fields(line)
	ctx, cancel := context.WithTimeout(context.Background(), commandWithin)
	defer cancel()
	c := exec.CommandContext(ctx, words[0], words[1:]...)
	var out bytes.Buffer
	c.Stdout = &out
	if err := c.Run(); err != nil {
		clear(out.Bytes())
		if ctx.Err() != nil {
			err = fmt.Errorf("it did not end within %s", commandWithin)
		}
		return nil, err
	}
	return out.Bytes(), nil
}

func hmacSHA256(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write(text) // never fails
	return h.Sum(nil)
}
