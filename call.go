package corax

import "time"

// Call is one operation on a target, as an effect or as a reading. Exactly one field is set; each is carried out by
// the executor of that name. Strings may hold ${...} where their comment says so; what chooses the host, the database
// or the process takes its value from the topology alone.
type Call struct {
	HTTP    *HTTPRequest    `json:"http,omitempty" yaml:"http"`
	Command *CommandRun     `json:"command,omitempty" yaml:"command"`
	SSH     *SSHRun         `json:"ssh,omitempty" yaml:"ssh"`
	SQL     *SQLStatement   `json:"sql,omitempty" yaml:"sql"`
	Process *ProcessControl `json:"process,omitempty" yaml:"process"`
	File    *FileEdit       `json:"file,omitempty" yaml:"file"`
}

// HTTPRequest is a request to a target's administrative interface.
type HTTPRequest struct {
	Method string            `json:"method" yaml:"method"`         // GET where empty
	URL    string            `json:"url" yaml:"url"`               // may hold ${...}
	Token  string            `json:"token,omitempty" yaml:"token"` // a credential's reference, sent as a bearer token
	CA     string            `json:"ca,omitempty" yaml:"ca"`       // PEM file of the authorities that are trusted instead of the system's
	Header map[string]string `json:"header,omitempty" yaml:"header"`
	Body   map[string]any    `json:"body,omitempty" yaml:"body"` // JSON; strings in it may hold ${...}, and one that is only ${...} keeps its type
	// Status lists the codes that count as success; 200 to 299 where empty. An effect sends its idempotency key as the header Idempotency-Key.
	Status []int `json:"status,omitempty" yaml:"status"`
}

// CommandRun runs a command that Executors.Commands declares on the machine of Corax.
type CommandRun struct {
	Run  string            `json:"run" yaml:"run"`             // the command's name
	Args map[string]string `json:"args,omitempty" yaml:"args"` // for the {placeholders} of its argv; may hold ${...}
}

// SSHRun runs a declared command on a declared host.
type SSHRun struct {
	Host string            `json:"host" yaml:"host"` // name in Executors.Hosts; may hold ${...} of the topology
	Run  string            `json:"run" yaml:"run"`
	Args map[string]string `json:"args,omitempty" yaml:"args"`
}

// SQLStatement is one statement with bound parameters, in a transaction of its own. A reading's is read-only, and
// gives {"rows": [{column: value}], "count": 2}.
type SQLStatement struct {
	Database  string   `json:"database" yaml:"database"`   // name in Executors.Databases; may hold ${...} of the topology
	Statement string   `json:"statement" yaml:"statement"` // never holds ${...}: values are bound, as $1 or ?
	Args      []string `json:"args,omitempty" yaml:"args"` // in order; may hold ${...}, and one that is only ${...} keeps its type
	// Rows is how many rows an effect must change, 1 where it is left out; otherwise it is rolled back. Below zero is any number.
	Rows int `json:"rows,omitempty" yaml:"rows"`
}

// ProcessControl asks a supervisor about a process, or to start, stop or restart it. The answer of a reading is
// {"running": true, "pid": 17, "started": "..."}.
type ProcessControl struct {
	Name string `json:"name" yaml:"name"`       // name in Executors.Processes; may hold ${...} of the topology
	Do   string `json:"do,omitempty" yaml:"do"` // start, stop or restart; empty in a reading
}

// FileEdit reads a file, or changes it with a backup. The answer of a reading is {"exists": true, "sha256": "...",
// "size": 12, "content": "...", "value": "..."}, value being that of Set.Name. An effect has exactly one of Content,
// Block, Set and Restore, and changes the file only while its content has the hash Expect.
type FileEdit struct {
	Path    string     `json:"path" yaml:"path"`                 // within one of Executors.Directories; may hold ${...}
	Expect  string     `json:"expect,omitempty" yaml:"expect"`   // the sha256 seen before, "" where there was no file; may hold ${...}
	Content *string    `json:"content,omitempty" yaml:"content"` // the whole new content; may hold ${...}
	Block   *FileBlock `json:"block,omitempty" yaml:"block"`
	Set     *FileValue `json:"set,omitempty" yaml:"set"`
	Restore *string    `json:"restore,omitempty" yaml:"restore"` // sha256 of the content to put back from its backup, "" for no file; may hold ${...}
}

// FileBlock is a part of a file between two marks, which is added at the end where it isn't there yet.
type FileBlock struct {
	Name    string `json:"name" yaml:"name"`                 // the marks are "# BEGIN name" and "# END name"
	Text    string `json:"text" yaml:"text"`                 // what stands between them; may hold ${...}
	Comment string `json:"comment,omitempty" yaml:"comment"` // what begins a comment; "#" where empty
}

// FileValue is a line "name = value" of a file.
type FileValue struct {
	Name  string `json:"name" yaml:"name"`
	Value string `json:"value,omitempty" yaml:"value"` // may hold ${...}
	// Between stands between name and value in a line that is added; "=" where empty. A line that is there keeps its own spaces.
	Between string `json:"between,omitempty" yaml:"between"`
}

// Idempotency says what makes an effect harmless to repeat after an interruption.
type Idempotency string

// The ways in which a repeat is harmless.
const (
	ByKey   Idempotency = "key"  // the target knows the idempotency key, or the executor compares before it sets
	ByGoal  Idempotency = "goal" // the action's goal tells whether it took effect
	ByNone  Idempotency = "none" // nothing tells: an effect that was interrupted is unknown, and the plan stops and asks
	Unnamed Idempotency = ""     // ByKey where the executor has one by itself, else ByGoal where there is a goal, else ByNone
)

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
