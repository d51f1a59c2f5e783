package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"corax"
	"corax/audit"
	"corax/config"
	"corax/knowledge"
	"corax/scenario/casefile"
)

func problemExport(s *settings) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "export ID", Short: "Write all that is known of a problem to one signed file", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			remote, err := s.connect()
			if err != nil {
				return err
			}
			var text json.RawMessage // as it was signed
			remote.Answer = func(body []byte) { text = body }
			if _, err := remote.ExportProblem(cmd.Context(), args[0]); err != nil {
				return err
			}
			if out == "-" {
				return printJSON(cmd.OutOrStdout(), text)
			}
			if out == "" {
				out = args[0] + ".corax.json"
			}
			if err := writeNew(out, text); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Wrote %s.\n", out)
			return err
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "the file; - for standard output (default ID.corax.json)")
	return c
}

// imported is what an import found.
type imported struct {
	Problem     string   `json:"problem"`
	Scenario    string   `json:"scenario"`
	Identical   bool     `json:"identical"`
	Differences []string `json:"differences"`
	Catalogue   string   `json:"catalogue"`
	Same        bool     `json:"same_catalogue"`
}

func problemImport(s *settings) *cobra.Command {
	var key, out string
	c := &cobra.Command{
		Use: "import FILE", Args: cobra.ExactArgs(1),
		Short: "Check an exported problem, diagnose it again, and write it as a scenario",
		Example: "  corax problem import prb-1.corax.json --key 'ed25519:...' --out scenarios/imported.yaml\n" +
			"  corax scenario run scenarios/imported.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := readCase(args[0], audit.Public(key))
			if err != nil {
				return err
			}
			engine, err := newEngine(config.Default())
			if err != nil {
				return err
			}
			result := imported{Problem: content.Problem.ID, Scenario: out, Catalogue: content.Catalogue, Same: content.Catalogue == catalogueDigest(config.Default())}
			if result.Differences, err = content.Replay(engine); err != nil {
				return err
			}
			result.Identical = len(result.Differences) == 0
			text, err := content.Scenario()
			if err != nil {
				return err
			}
			if result.Scenario == "" {
				result.Scenario = content.Name() + ".yaml"
			}
			if err := writeNew(result.Scenario, text); err != nil {
				return err
			}
			if s.json {
				return printJSON(cmd.OutOrStdout(), result)
			}
			return printImported(cmd.OutOrStdout(), result, key != "")
		},
	}
	c.Flags().StringVar(&key, "key", "", "the public key that it must be signed with; the file's own where left out")
	c.Flags().StringVarP(&out, "out", "o", "", "the scenario's file (default: mechanism and id, .yaml)")
	return c
}

func readCase(name string, key audit.Public) (casefile.Content, error) {
	in, err := readInput(name)
	if err != nil {
		return casefile.Content{}, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 256<<20))
	if err != nil {
		return casefile.Content{}, corax.Errorf(corax.Unavailable, "read "+name, "%w", err)
	}
	return casefile.Open(text, key)
}

func printImported(w io.Writer, r imported, known bool) error {
	var out strings.Builder
	fmt.Fprintf(&out, "The signature of %s holds", r.Problem)
	if !known {
		out.WriteString(", by the key in the file itself: give --key to know who wrote it")
	}
	out.WriteString(".\n")
	if !r.Same {
		out.WriteString("It was diagnosed with another catalogue.\n")
	}
	if r.Identical {
		out.WriteString("Diagnosed again, it is the same byte for byte.\n")
	} else {
		out.WriteString("Diagnosed again, it differs:\n")
		for _, d := range r.Differences {
			fmt.Fprintf(&out, "  %s\n", printable(d))
		}
	}
	fmt.Fprintf(&out, "Wrote %s.\n", r.Scenario)
	_, err := io.WriteString(w, out.String())
	return err
}

// writeNew writes a file that must not exist.
func writeNew(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &corax.Error{Code: corax.Conflict, Op: "write " + name, Err: err, Hint: "name a file that doesn't exist yet, with --out"}
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return corax.Errorf(corax.Unavailable, "write "+name, "%w", err)
	}
	return nil
}

// catalogueDigest tells one state of the knowledge from another; empty where it can't be read.
func catalogueDigest(cfg config.Config) string {
	var dirs []string
	if cfg.Knowledge.Dir != "" {
		dirs = append(dirs, cfg.Knowledge.Dir)
	}
	catalogue, err := knowledge.Load(dirs...)
	if err != nil {
		return ""
	}
	text, err := json.Marshal(catalogue)
	if err != nil {
		return ""
	}
	return audit.Digest(text)
}
