package config

import "corax"

// The lists of executors. What they say is checked by the room that uses them, which knows what can be used.
const (
	listCommands    = "executors.commands"
	listHosts       = "executors.hosts"
	listDatabases   = "executors.databases"
	listProcesses   = "executors.processes"
	listDirectories = "executors.directories"
)

func addExecutors(to, more corax.Executors) corax.Executors {
	to.Commands = append(to.Commands, more.Commands...)
	to.Hosts = append(to.Hosts, more.Hosts...)
	to.Databases = append(to.Databases, more.Databases...)
	to.Processes = append(to.Processes, more.Processes...)
	to.Directories = append(to.Directories, more.Directories...)
	return to
}

// resolveExecutors makes paths that a file wrote relative to itself usable from anywhere. Those of what is run and
// edited must be absolute as they stand.
func resolveExecutors(dir string, x *corax.Executors) {
	for i := range x.Databases {
		x.Databases[i].CA = within(dir, x.Databases[i].CA)
	}
}
