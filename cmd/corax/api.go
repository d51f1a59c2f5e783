package main

import (
	"github.com/spf13/cobra"

	"corax/server"
)

func apiCommand(s *settings) *cobra.Command {
	c := &cobra.Command{Use: "api", Short: "The API: print its description"}
	c.AddCommand(&cobra.Command{
		Use: "spec", Short: "Print the description of the API in OpenAPI 3.1, as YAML or, with --json, as JSON", Args: cobra.NoArgs,
		Long: "A running Corax serves the same at /api/v1/openapi.yaml and /api/v1/openapi.json.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc, err := server.Spec(version)
			if err != nil {
				return err
			}
			if s.json {
				return printJSON(cmd.OutOrStdout(), doc)
			}
			text, err := doc.YAML()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	})
	return c
}
