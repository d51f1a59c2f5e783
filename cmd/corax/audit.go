package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"corax"
	"corax/app"
	"corax/audit"
	"corax/config"
	"corax/server"
	"corax/server/client"
)

// auditPlace is where the audit is, as the flags say.
type auditPlace struct {
	s                    *settings
	config, anchors, key string
}

// claim reads the audit of the data directory, whether a Corax runs there or not.
func (p *auditPlace) claim(cmd *cobra.Command) (audit.Claim, error) {
	cfg := config.Default()
	if p.config != "" {
		loaded, err := config.Load(p.config)
		if err != nil {
			return audit.Claim{}, err
		}
		cfg = loaded
	}
	if cfg.DataDir == "" || cmd.Flags().Changed("data-dir") {
		cfg.DataDir = p.s.dataDir
	}
	return app.AuditClaim(cmd.Context(), cfg, p.anchors, audit.Public(p.key))
}

func auditCommand(s *settings) *cobra.Command {
	p := &auditPlace{s: s}
	c := &cobra.Command{
		Use: "audit", Short: "The audit of what was done: verify, export, list, key, anchor",
		Long: "Every decision, answer, change of a plan, use of a credential and throw of a switch is an entry in a chain of hashes,\n" +
			"whose ends are signed and anchored outside of the database.",
	}
	flags := c.PersistentFlags()
	flags.StringVar(&p.config, "config", "", "configuration that says where data and anchors are")
	c.AddCommand(auditVerify(p), auditExport(p), auditList(s), auditKey(p), auditAnchor(s))
	return c
}

func auditVerify(p *auditPlace) *cobra.Command {
	c := &cobra.Command{
		Use: "verify [FILE]", Args: cobra.MaximumNArgs(1),
		Short: "Find what was changed, cut or moved, and say what can be vouched for (exit 1 where something is wrong)",
		Long: "Without FILE, the audit of the data directory is verified, whether Corax runs there or not; with --server, that of a\n" +
			"running Corax, by itself. FILE is an export. Give the public key and copies of the anchors that you keep elsewhere:\n" +
			"whoever can write to the data directory can exchange those that are there.",
		Example: "  corax audit verify --key 'ed25519:...' --anchors /mnt/other/anchors\n  corax audit verify audit.jsonl --key 'ed25519:...'",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := p.verify(cmd, args)
			if err != nil {
				return err
			}
			if p.s.json {
				err = printJSON(cmd.OutOrStdout(), r)
			} else {
				printReport(cmd.OutOrStdout(), r)
			}
			if err == nil && !r.OK {
				return exit{code: exitFailed}
			}
			return err
		},
	}
	c.Flags().StringVar(&p.key, "key", "", "the public key, as `corax audit key` printed it; that of the data directory or of FILE where left out")
	c.Flags().StringVar(&p.anchors, "anchors", "", "file or directory of anchors; that of the configuration where left out")
	return c
}

func (p *auditPlace) verify(cmd *cobra.Command, args []string) (audit.Report, error) {
	switch {
	case len(args) == 1:
		in, err := readInput(args[0])
		if err != nil {
			return audit.Report{}, err
		}
		defer in.Close()
		claim, err := audit.Import(in)
		if err != nil {
			return audit.Report{}, err
		}
		if p.key != "" {
			claim.Key = audit.Public(p.key)
		}
		if err := claim.Key.Check(); err != nil {
			return audit.Report{}, err
		}
		if p.anchors != "" {
			if claim.Anchors, err = audit.ReadAnchors(p.anchors); err != nil {
				return audit.Report{}, err
			}
		}
		return audit.Verify(claim), nil
	case p.s.server != "":
		remote, err := p.s.connect()
		if err != nil {
			return audit.Report{}, err
		}
		return remote.VerifyAudit(cmd.Context())
	}
	claim, err := p.claim(cmd)
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(claim), nil
}

func printReport(w io.Writer, r audit.Report) {
	verdict := "Nothing was changed, cut or moved"
	if !r.OK {
		verdict = "SOMETHING IS WRONG"
	}
	_, _ = fmt.Fprintf(w, "%s: %d entries, %d anchors, key %s\n", verdict, r.Entries, r.Anchors, r.Key)
	for _, problem := range r.Problems {
		_, _ = fmt.Fprintf(w, "  %s\n", printable(problem))
	}
	for _, v := range r.Vouched {
		_, _ = fmt.Fprintf(w, "vouched for: entries %d to %d, %s to %s", v.From, v.To, clock(v.FromAt), clock(v.ToAt))
		if v.Anchored < v.To {
			_, _ = fmt.Fprintf(w, " (anchored up to %d; after it by the store's own signature alone)", v.Anchored)
		}
		_, _ = fmt.Fprintln(w)
	}
	if len(r.Vouched) == 0 {
		_, _ = fmt.Fprintln(w, "vouched for: nothing")
	}
}

func auditExport(p *auditPlace) *cobra.Command {
	return &cobra.Command{
		Use: "export [FILE]", Short: "Write all entries and anchors as JSON Lines, for anyone to verify", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			out := cmd.OutOrStdout()
			if len(args) == 1 && args[0] != "-" {
				file, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
				if err != nil {
					return &corax.Error{Code: corax.Conflict, Op: "export the audit", Err: err, Hint: "name a file that doesn't exist yet"}
				}
				defer func() { err = errors.Join(err, file.Close()) }()
				out = file
			}
			return p.export(cmd, out)
		},
	}
}

// export writes the audit of the data directory; with --server, that of a running Corax.
func (p *auditPlace) export(cmd *cobra.Command, out io.Writer) error {
	if p.s.server != "" {
		remote, err := p.s.connect()
		if err != nil {
			return err
		}
		return remote.ExportAudit(cmd.Context(), out)
	}
	claim, err := p.claim(cmd)
	if err != nil {
		return err
	}
	if err := audit.Export(out, claim); err != nil {
		return corax.Errorf(corax.Unavailable, "export the audit", "%w", err)
	}
	return nil
}

func auditList(s *settings) *cobra.Command {
	var p client.ListAuditParams
	var newest bool
	c := pagedCommand(s, "list", "Find entries of a running Corax, oldest first", columns[server.AuditLine]{
		"No entry.", []string{"SEQ", "AT", "WHO", "WHAT", "ON", "DETAIL"},
		func(e server.AuditLine) []string {
			return []string{fmt.Sprint(e.Seq), clock(e.At), e.Who, string(e.What), e.On, clip(matchText(e.Detail), 100)}
		}}, func(ctx context.Context, c *client.Client, _ []string, limit int, cursor string) (client.Page[server.AuditLine], error) {
		q := p
		if q.Limit, q.Cursor = limit, cursor; newest {
			q.Order = "newest"
		}
		return c.ListAudit(ctx, q)
	})
	c.Example = "  corax audit list --what approval --newest\n  corax audit list --on stop/ --who ann"
	f := c.Flags()
	f.StringVar(&p.What, "what", "", "only this kind, or all kinds before a dot: approval")
	f.StringVar(&p.Who, "who", "", "only what was done by this one")
	f.StringVar(&p.On, "on", "", "only what was done to this: decision/ID, vault:NAME, stop/ for all of a kind")
	f.StringVar(&p.Problem, "problem", "", "only those about this problem and its plans")
	f.Int64Var(&p.After, "after", 0, "only those that come after the entry of this number")
	f.BoolVar(&newest, "newest", false, "the newest first")
	return c
}

func auditKey(p *auditPlace) *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: "Print the public key that verifies the audit", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.s.server != "" {
				return tell(cmd, p.s, func(ctx context.Context, c *client.Client) (server.AuditKey, error) { return c.AuditKey(ctx) },
					func(k server.AuditKey) string { return string(k.Key) })
			}
			key, err := audit.ReadKey(app.AuditKeyFile(p.s.dataDir))
			if err != nil {
				return err
			}
			if p.s.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"key": string(key.Public())})
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), key.Public())
			return err
		},
	}
}

func auditAnchor(s *settings) *cobra.Command {
	return &cobra.Command{
		Use: "anchor", Short: "Say when the audit of a running Corax was anchored last, and up to where", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return tell(cmd, s, func(ctx context.Context, c *client.Client) (server.AuditAnchor, error) { return c.AuditAnchor(ctx) }, func(a server.AuditAnchor) string {
				if a.At == nil {
					return "It was never anchored."
				}
				return fmt.Sprintf("Anchored at %s up to entry %d, in %s.", clock(*a.At), a.UpTo, a.File)
			})
		},
	}
}
