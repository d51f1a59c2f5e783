package corax

import "time"

// Executors are the places that calls may reach, and what they may do there. What isn't declared can't be reached.
// Credentials are references.
type Executors struct {
	Commands    []Command   `json:"commands,omitempty" yaml:"commands"`
	Hosts       []Host      `json:"hosts,omitempty" yaml:"hosts"`
	Databases   []Database  `json:"databases,omitempty" yaml:"databases"`
	Processes   []Process   `json:"processes,omitempty" yaml:"processes"`
	Directories []Directory `json:"directories,omitempty" yaml:"directories"`
}

// Command is an executable with its arguments. It is started without a shell, in a process group of its own, with no
// environment but PATH, LANG, CORAX_IDEMPOTENCY_KEY and what Env and Secrets say.
type Command struct {
	Name string `json:"name" yaml:"name" decode:"required"`
	// Argv is the executable's absolute path and its arguments. {placeholder} stands for a value that the call gives; one that begins an
	// argument takes no value that begins with "-", unless an argument "--" stands before it.
	Argv    []string          `json:"argv" yaml:"argv" decode:"required"`
	Dir     string            `json:"dir,omitempty" yaml:"dir"`         // where it runs; / where empty
	Env     map[string]string `json:"env,omitempty" yaml:"env"`         // local commands only
	Secrets map[string]string `json:"secrets,omitempty" yaml:"secrets"` // environment variable -> reference; local commands only
	Hosts   []string          `json:"hosts,omitempty" yaml:"hosts"`     // where it may run by SSH; none: on the machine of Corax alone
	Reads   bool              `json:"reads,omitempty" yaml:"reads"`     // it changes nothing, so a reading may run it
	Output  string            `json:"output,omitempty" yaml:"output"`   // json, or text, which a reading gets as {"output": "...", "status": 0}
	Status  []int             `json:"status,omitempty" yaml:"status"`   // exit codes that count as success; 0 where empty
	Refused []int             `json:"refused,omitempty" yaml:"refused"` // exit codes that say that it changed nothing; with any other it may have
}

// Host is a machine that is reached by SSH. Its key is never taken on trust.
type Host struct {
	Name     string   `json:"name" yaml:"name" decode:"required"`
	Address  string   `json:"address" yaml:"address" decode:"required"` // host:port
	User     string   `json:"user" yaml:"user" decode:"required"`
	Key      string   `json:"key,omitempty" yaml:"key"`                     // reference of a private key
	Password string   `json:"password,omitempty" yaml:"password"`           // reference, or of the key's passphrase where there is a key
	HostKeys []string `json:"host_keys" yaml:"host_keys" decode:"required"` // SHA256:... fingerprints, or lines "[host] ssh-ed25519 AAAA..."
}

// Database is one that statements may go to.
type Database struct {
	Name     string `json:"name" yaml:"name" decode:"required"`
	Kind     string `json:"kind" yaml:"kind" decode:"required"`       // postgres or mysql, which is MariaDB too
	Address  string `json:"address" yaml:"address" decode:"required"` // host:port
	Schema   string `json:"schema" yaml:"schema" decode:"required"`   // the database's own name on that server
	User     string `json:"user" yaml:"user" decode:"required"`
	Password string `json:"password,omitempty" yaml:"password"` // reference
	TLS      string `json:"tls,omitempty" yaml:"tls"`           // verify where empty; off is for a loopback or a tunnel
	CA       string `json:"ca,omitempty" yaml:"ca"`             // PEM file of the authorities that are trusted instead of the system's
	// Keys is a table with the columns key (primary) and at, in which an effect leaves its idempotency key within its own transaction.
	Keys string `json:"keys,omitempty" yaml:"keys"`
}

// Process is one that a supervisor starts and stops: Corax itself, where Argv is given, or one with an HTTP interface.
type Process struct {
	Name  string            `json:"name" yaml:"name" decode:"required"`
	Argv  []string          `json:"argv,omitempty" yaml:"argv"`
	Dir   string            `json:"dir,omitempty" yaml:"dir"`
	Env   map[string]string `json:"env,omitempty" yaml:"env"`
	State string            `json:"state,omitempty" yaml:"state"` // directory of its PID file and of what it writes
	Grace time.Duration     `json:"grace,omitempty" yaml:"grace"` // between the request to end and the kill; 5 s where zero
	URL   string            `json:"url,omitempty" yaml:"url"`     // of the process: GET URL is its status, POST URL/start, /stop and /restart
	Token string            `json:"token,omitempty" yaml:"token"` // reference, for URL
}

// Directory is one whose files may be read and, where Backups is given, edited.
type Directory struct {
	Path    string `json:"path" yaml:"path" decode:"required"`
	Backups string `json:"backups,omitempty" yaml:"backups"` // where the content before each edit is kept, by its hash
}
