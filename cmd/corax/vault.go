package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"corax"
	"corax/app"
	"corax/config"
	"corax/vault"
)

// keyVariable is where the vault's key is where nothing else says so.
const keyVariable = "CORAX_VAULT_KEY"

// vaultPlace is where the vault is, as the flags say.
type vaultPlace struct {
	s                 *settings
	config, file, key string
}

func (p *vaultPlace) open() (vault.File, error) {
	cfg := config.Default()
	if p.config != "" {
		loaded, err := config.Load(p.config)
		if err != nil {
			return vault.File{}, err
		}
		cfg = loaded
	}
	if cfg.DataDir == "" {
		cfg.DataDir = p.s.dataDir
	}
	if p.file != "" {
		cfg.Vault.File = p.file
	}
	if p.key != "" {
		cfg.Vault.Key = p.key
	}
	if cfg.Vault.Key == "" {
		cfg.Vault.Key = "env:" + keyVariable
		if os.Getenv(keyVariable) == "" {
			return vault.File{}, &corax.Error{Code: corax.Invalid, Op: "open the vault", Err: errors.New("nothing says where its key is"),
				Hint: "name a configuration with vault.key (--config), or --key file:PATH; `corax vault key FILE` makes one"}
		}
	}
	return vault.File{Path: app.VaultFile(cfg), Key: vault.KeySource(cfg.Vault.Key).Key}, nil
}

func vaultCommand(s *settings) *cobra.Command {
	p := &vaultPlace{s: s}
	c := &cobra.Command{
		Use: "vault", Short: "Credentials, encrypted: set, list, show, delete, rotate-key",
		Long: "The vault keeps credentials in one file, each sealed with AES-256-GCM. Configuration and actions refer to them as\n" +
			"vault:NAME. No command prints a value. A running Corax uses a new value from its next use on.",
		Example: "  corax vault key /etc/corax/vault.key\n  printf %s \"$TOKEN\" | corax vault set agent --key file:/etc/corax/vault.key",
	}
	flags := c.PersistentFlags()
	flags.StringVar(&p.config, "config", "", "configuration whose vault is meant")
	flags.StringVar(&p.file, "file", "", "the vault's file, instead of the configuration's")
	flags.StringVar(&p.key, "key", "", "where its key is: file:PATH, env:NAME or command:PROGRAM ARGUMENTS (default env:"+keyVariable+")")
	c.AddCommand(vaultSet(p), vaultList(p), vaultShow(p), vaultDelete(p), vaultRotate(p), vaultKey())
	return c
}

func vaultSet(p *vaultPlace) *cobra.Command {
	var note string
	c := &cobra.Command{
		Use: "set NAME", Short: "Store a credential; its value is read from standard input, or asked for", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := p.open()
			if err != nil {
				return err
			}
			value, err := readSecret(cmd, "Value of "+args[0])
			if err != nil {
				return err
			}
			defer clear(value)
			e, err := f.Set(args[0], note, value)
			if err != nil {
				return err
			}
			return p.said(cmd, e, fmt.Sprintf("Stored vault:%s, version %d.", e.Name, e.Version))
		},
	}
	c.Flags().StringVar(&note, "note", "", "what it is for, for people; not secret")
	return c
}

// readSecret reads a value from a terminal without showing it, else all of standard input without its last line break.
func readSecret(cmd *cobra.Command, prompt string) ([]byte, error) {
	in := cmd.InOrStdin()
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		value, err := io.ReadAll(io.LimitReader(in, 1<<20))
		if err != nil {
			return nil, corax.Errorf(corax.Unavailable, "read the value from standard input", "%w", err)
		}
		return bytes.TrimRight(value, "\r\n"), nil
	}
	ask := func(what string) ([]byte, error) {
		_, _ = fmt.Fprint(cmd.ErrOrStderr(), what+": ")
		defer fmt.Fprintln(cmd.ErrOrStderr())
		return term.ReadPassword(int(file.Fd()))
	}
	value, err := ask(prompt)
	if err != nil {
		return nil, corax.Errorf(corax.Unavailable, "read the value", "%w", err)
	}
	again, err := ask("Again")
	defer clear(again)
	if err == nil && !bytes.Equal(value, again) {
		err = errors.New("the two differ")
	}
	if err != nil {
		clear(value)
		return nil, corax.Errorf(corax.Invalid, "read the value", "%w", err)
	}
	return value, nil
}

// said prints an object, or a sentence.
func (p *vaultPlace) said(cmd *cobra.Command, v any, text string) error {
	if p.s.json {
		return printJSON(cmd.OutOrStdout(), v)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
	return err
}

func vaultList(p *vaultPlace) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the credentials, without their values", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := p.open()
			if err != nil {
				return err
			}
			list, err := f.List()
			if err != nil {
				return err
			}
			if p.s.json {
				return printJSON(cmd.OutOrStdout(), list)
			}
			rows := make([][]string, len(list))
			for n, e := range list {
				rows[n] = []string{e.Name, strconv.Itoa(e.Version), clock(e.UpdatedAt), clip(e.Note, 80)}
			}
			return table(cmd.OutOrStdout(), "The vault is empty.", []string{"NAME", "VERSION", "CHANGED", "NOTE"}, rows)
		},
	}
}

func vaultShow(p *vaultPlace) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show what is known of a credential; never its value", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := p.open()
			if err != nil {
				return err
			}
			list, err := f.List()
			if err != nil {
				return err
			}
			for _, e := range list {
				if e.Name == args[0] {
					return p.said(cmd, e, fmt.Sprintf("vault:%s  version %d\nmade %s, changed %s\n%s", e.Name, e.Version,
						clock(e.CreatedAt), clock(e.UpdatedAt), printable(e.Note)))
				}
			}
			return corax.Errorf(corax.NotFound, "show vault:"+args[0], "the vault has none of this name")
		},
	}
}

func vaultDelete(p *vaultPlace) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Forget a credential", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := p.open()
			if err == nil {
				err = f.Delete(args[0])
			}
			if err != nil {
				return err
			}
			return p.said(cmd, map[string]string{"deleted": args[0]}, "Deleted vault:"+args[0]+".")
		},
	}
}

func vaultRotate(p *vaultPlace) *cobra.Command {
	var next string
	c := &cobra.Command{
		Use: "rotate-key", Short: "Seal everything under another key", Args: cobra.NoArgs,
		Example: "  corax vault key new.key\n  corax vault rotate-key --key file:old.key --new-key file:new.key",
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := p.open()
			if err != nil {
				return err
			}
			key, err := vault.KeySource(next).Key()
			if err != nil {
				return err
			}
			defer key.Wipe()
			if err := f.Rotate(key); err != nil {
				return err
			}
			return p.said(cmd, map[string]bool{"rotated": true}, "The vault is sealed under the new key. Set vault.key to it, and restart Corax.")
		},
	}
	c.Flags().StringVar(&next, "new-key", "", "where the new key is: file:PATH, env:NAME or command:PROGRAM ARGUMENTS (required)")
	_ = c.MarkFlagRequired("new-key")
	return c
}

func vaultKey() *cobra.Command {
	return &cobra.Command{
		Use: "key FILE", Short: "Make a key in a new file that only you may read", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			op := "make a key in " + args[0]
			text, err := vault.NewKey(rand.Reader)
			if err != nil {
				return corax.Errorf(corax.Internal, op, "%w", err)
			}
			file, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return &corax.Error{Code: corax.Conflict, Op: op, Err: err, Hint: "name a file that doesn't exist yet"}
			}
			_, err = file.WriteString(text)
			if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
				return corax.Errorf(corax.Unavailable, op, "%w", err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Made %s. Keep a copy where the vault's backups are not: without it they are lost.\n", args[0])
			return err
		},
	}
}
