package notify

import (
	"context"
	"errors"
	"io"
	"log"
	"strings"

	"corax/config"

	"github.com/nicholas-fedor/shoutrrr"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// chat sends to a chat or push service.
type chat struct {
	config.Chat
	tools
}

// quiet breaks what chat services read as mark-up or as a call to everybody: "@channel", "<!here>", "[text](address)".
// A zero-width space keeps the text readable.
var quiet = strings.NewReplacer("@", "@\u200b", "<", "<\u200b", "](", "]\u200b(", "`", "'")

// Send hands the text over. Services have their own clients and time-outs; ctx bounds the waiting.
func (c chat) Send(ctx context.Context, m Message) (string, error) {
	result := make(chan error, 1)
	err := c.secret(ctx, c.Service, "chat", func(address string) error {
		sender, err := shoutrrr.NewSender(log.New(io.Discard, "", 0), address)
		if err != nil {
			return refuse("the service's address can't be used")
		}
		text := quiet.Replace(m.Subject + "\n" + m.Text)
		if m.Link != "" {
			text = strings.ReplaceAll(text, quiet.Replace(m.Link), m.Link)
		}
		go func() { result <- errors.Join(sender.Send(text, &types.Params{})...) }() // ends with the client's time-out
		return nil
	})
	if err != nil {
		return "", err
	}
	select {
	case err := <-result:
		if err != nil {
			return "", errors.New(c.redactor.Redact(err.Error()))
		}
		return "taken", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
