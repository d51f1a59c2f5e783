package reading

// Codes that are numbers, or words that mean nothing alone: they count only where the text says of which system they are. The lines are as
// those of spelled.
var numbered = []struct{ system, lines string }{
	{"errno", `
1 | permission | EPERM: only a privileged process may do this
2 | missing | ENOENT: no such file or directory
5 | io | EIO: the device failed to read or write
11 | limit | EAGAIN: a resource is short for the moment
12 | memory | ENOMEM: no memory could be had
13 | permission | EACCES: permission denied
16 | conflict | EBUSY: something else holds it
17 | conflict | EEXIST: it exists already
22 | invalid | EINVAL: an argument makes no sense here
24 | limit | EMFILE: too many open files
28 | no_space | ENOSPC: no space left on the device
30 | read_only | EROFS: the file system takes no writes
32 | reset | EPIPE: the reader is gone
98 | conflict | EADDRINUSE: another process has the port
99 | limit | EADDRNOTAVAIL: no local address or port is left
101 | unreachable | ENETUNREACH: no way to the network
103 | reset | ECONNABORTED: the connection was given up here
104 | reset | ECONNRESET: the peer dropped the connection
110 | timeout | ETIMEDOUT: nobody answered in time
111 | refused | ECONNREFUSED: nothing listens at that address and port
112 | unreachable | EHOSTDOWN: the host is down
113 | unreachable | EHOSTUNREACH: no route to the host
116 | io | ESTALE: the file server forgot the handle
117 | corrupt | EUCLEAN: the file system is damaged
122 | no_space | EDQUOT: the user's disk quota is used up
10048 | conflict | WSAEADDRINUSE: another process has the port
10054 | reset | WSAECONNRESET: the peer dropped the connection
10055 | limit | WSAENOBUFS: no buffer or port is left
10060 | timeout | WSAETIMEDOUT: nobody answered in time
10061 | refused | WSAECONNREFUSED: nothing listens at that address and port
10065 | unreachable | WSAEHOSTUNREACH: no route to the host
11001 | dns | WSAHOST_NOT_FOUND: the name does not resolve
`},
	{"http", `
400 | invalid | bad request
401 | auth | not authenticated
402 | limit | payment required
403 | permission | forbidden
404 | missing | not found
405 | invalid | method not allowed
406 | invalid | not acceptable
407 | auth | the proxy wants a password
408 | timeout | the request came too slowly
409 | conflict | conflict
410 | missing | gone
411 | invalid | length required
412 | conflict | precondition failed
413 | limit | too large
414 | limit | address too long
415 | invalid | unsupported type
416 | invalid | no such range
417 | invalid | expectation failed
418 | invalid | refused in jest
421 | config | misdirected request
422 | invalid | the content makes no sense
423 | conflict | locked
424 | unavailable | a request that it needs failed
425 | conflict | too early
426 | config | upgrade required
428 | conflict | precondition required
429 | limit | too many requests
431 | limit | headers too large
444 | reset | closed without an answer
451 | permission | unavailable for legal reasons
460 | timeout | the client gave up
494 | limit | headers too large
495 | tls | client certificate not accepted
496 | tls | client certificate missing
497 | tls | plain request to a TLS port
499 | timeout | the client gave up
500 | unavailable | the server broke
501 | invalid | not implemented
502 | unavailable | bad gateway
503 | unavailable | not available for the moment
504 | timeout | the gateway waited in vain
505 | invalid | HTTP version not supported
506 | config | variants run in a circle
507 | no_space | insufficient storage
508 | config | loop detected
509 | limit | bandwidth limit exceeded
510 | invalid | not extended
511 | auth | the network wants a login
520 | unavailable | the origin answered nonsense
521 | refused | the origin refuses connections
522 | timeout | the origin does not answer
523 | unreachable | no way to the origin
524 | timeout | the origin took too long
525 | tls | TLS handshake with the origin failed
526 | tls | the origin's certificate is not valid
527 | unavailable | the link to the origin broke
530 | dns | the origin's name does not resolve
`},
	{"sqlstate", `
08000 | reset | connection exception
08001 | unreachable | the server can't be reached
08003 | reset | the connection does not exist
08004 | refused | the server rejected the connection
08006 | reset | the connection failed
08S01 | reset | the connection broke
0A000 | invalid | not supported
22001 | invalid | value too long
22003 | invalid | number out of range
22012 | invalid | division by zero
22P02 | invalid | not a value of the type
23000 | conflict | a constraint was violated
23502 | conflict | a value is missing
23503 | conflict | a foreign key was violated
23505 | conflict | a key is there already
23514 | conflict | a check was violated
25006 | read_only | the transaction is read-only
25P02 | conflict | the transaction is aborted
25P03 | timeout | a transaction was idle too long
28000 | auth | the login is not accepted
28P01 | auth | the password is wrong
3D000 | missing | there is no such database
40001 | conflict | could not serialise, or deadlock
40P01 | conflict | deadlock
42000 | invalid | syntax error or no right
42501 | permission | no right
42601 | invalid | syntax error
42703 | missing | there is no such column
42P01 | missing | there is no such table
42S02 | missing | there is no such table
53000 | limit | a resource is short
53100 | no_space | the disk is full
53200 | memory | out of memory
53300 | limit | too many connections
53400 | limit | a limit of the configuration
54000 | limit | a limit of the program
55000 | conflict | not in the state for it
55006 | conflict | the object is in use
55P03 | conflict | a lock was not had
57014 | timeout | the query was cancelled
57P01 | unavailable | the server is shutting down
57P02 | crash | another process of the server crashed
57P03 | unavailable | the server is starting
57P05 | timeout | the session was idle too long
58000 | io | a fault of the system
58030 | io | reading or writing failed
58P01 | missing | a file is missing
F0000 | config | the configuration file is wrong
HY000 | unavailable | an error without a class of its own
HYT00 | timeout | timed out
HYT01 | timeout | the connection timed out
IM002 | config | no such data source
XX000 | corrupt | an internal error
XX001 | corrupt | the data is damaged
XX002 | corrupt | the index is damaged
`},
	{"mysql", `
1007 | conflict | the database exists already
1016 | io | a file can't be opened
1021 | no_space | the disk is full
1030 | io | the storage engine failed
1037 | memory | out of memory
1040 | limit | too many connections
1041 | memory | out of memory
1042 | dns | the client's name does not resolve
1044 | permission | no right on the database
1045 | auth | name or password is wrong
1046 | invalid | no database was chosen
1049 | missing | there is no such database
1053 | unavailable | the server is shutting down
1062 | conflict | a key is there already
1064 | invalid | syntax error
1114 | no_space | the table is full
1129 | limit | the host is blocked after many errors
1130 | permission | the host may not connect
1142 | permission | no right on the table
1146 | missing | there is no such table
1153 | limit | the packet is too large
1158 | reset | reading packets failed
1159 | timeout | reading packets timed out
1194 | corrupt | the table is marked as crashed
1197 | limit | the transaction is too large for its cache
1203 | limit | the user has too many connections
1205 | conflict | lock wait timeout
1206 | limit | the lock table is full
1213 | conflict | deadlock
1226 | limit | the user has used up a resource
1227 | permission | a privilege is needed
1236 | missing | the replica asks for a log that is gone
1290 | read_only | the server runs read-only
1298 | config | unknown time zone
1317 | timeout | the query was interrupted
1396 | conflict | an operation on a user failed
1594 | corrupt | the relay log can't be read
1677 | config | columns of source and replica differ
1792 | read_only | the transaction is read-only
1836 | read_only | the server is read-only
2002 | refused | no connection through the socket
2003 | refused | no connection to the server
2005 | dns | the server's name does not resolve
2006 | reset | the server has gone away
2013 | reset | the connection was lost during a query
2026 | tls | the TLS connection failed
3024 | timeout | the query took too long
3100 | conflict | group replication rolled back
`},
	{"oracle", `
ORA-00001 | conflict | a key is there already
ORA-00018 | limit | too many sessions
ORA-00020 | limit | too many processes
ORA-00054 | conflict | the resource is locked
ORA-00060 | conflict | deadlock
ORA-00257 | no_space | the archiver has no room
ORA-00333 | corrupt | the redo log can't be read
ORA-00376 | io | a data file can't be read
ORA-00600 | crash | internal error
ORA-00604 | unavailable | an error in recursive SQL
ORA-00942 | missing | there is no such table
ORA-01000 | limit | too many open cursors
ORA-01017 | auth | name or password is wrong
ORA-01031 | permission | no right
ORA-01033 | unavailable | the database is starting or stopping
ORA-01034 | unavailable | the database does not run
ORA-01089 | unavailable | the database is shutting down
ORA-01110 | io | names the data file concerned
ORA-01113 | conflict | the file needs recovery
ORA-01122 | corrupt | a data file failed verification
ORA-01157 | io | a data file can't be found
ORA-01194 | conflict | the file needs more recovery
ORA-01403 | missing | no data found
ORA-01502 | unavailable | the index is unusable
ORA-01555 | limit | the snapshot is too old: undo is short
ORA-01578 | corrupt | a block is damaged
ORA-01591 | conflict | a lock of a distributed transaction in doubt
ORA-01652 | no_space | the temporary space is full
ORA-01653 | no_space | the tablespace is full
ORA-01654 | no_space | the tablespace is full
ORA-01688 | no_space | the tablespace is full
ORA-02049 | timeout | waited too long for a distributed lock
ORA-03113 | reset | the connection broke
ORA-03114 | reset | not connected
ORA-03135 | reset | the connection was lost
ORA-04020 | conflict | deadlock in the library cache
ORA-04030 | memory | the process has no memory left
ORA-04031 | memory | the shared pool is full
ORA-04036 | memory | the limit of process memory is reached
ORA-07445 | crash | a process hit an exception
ORA-12154 | config | the service name does not resolve
ORA-12170 | timeout | the connection timed out
ORA-12505 | missing | the listener does not know the SID
ORA-12514 | missing | the listener does not know the service
ORA-12516 | limit | the listener has no handler left
ORA-12519 | limit | the listener has no handler left
ORA-12520 | limit | the listener has no handler left
ORA-12528 | unavailable | the listener blocks new connections
ORA-12537 | reset | the connection was closed
ORA-12541 | refused | no listener
ORA-12543 | unreachable | no way to the host
ORA-12545 | dns | the host can't be found
ORA-12547 | reset | contact was lost
ORA-12560 | refused | the protocol adapter failed
ORA-15041 | no_space | the disk group is full
ORA-15080 | io | a disk of the group failed
ORA-16038 | no_space | a log can't be archived
ORA-19502 | io | a write failed
ORA-19504 | io | a file can't be made
ORA-19809 | no_space | the recovery area is full
ORA-19815 | no_space | the recovery area is nearly full
ORA-27040 | io | a file can't be made
ORA-27072 | io | reading or writing failed
ORA-28000 | auth | the account is locked
ORA-28001 | auth | the password has expired
ORA-28040 | config | no common authentication protocol
ORA-29740 | unavailable | the instance was evicted from the cluster
ORA-30036 | no_space | the undo tablespace is full
`},
	{"sqlserver", `
823 | io | the operating system failed to read or write
824 | corrupt | a page is not consistent
825 | io | a read succeeded only after retries
833 | io | reads or writes take over fifteen seconds
701 | memory | memory is short
802 | memory | the buffer pool is short of memory
8645 | memory | waited too long for memory
1101 | no_space | the filegroup is full
1105 | no_space | the filegroup is full
9002 | no_space | the transaction log is full
1204 | limit | no locks are left
1205 | conflict | deadlock victim
1222 | conflict | lock timeout
1418 | unreachable | the mirror can't be reached
2627 | conflict | a key is there already
3041 | io | a backup failed
4060 | missing | the database can't be opened
5120 | permission | a file can't be opened
17806 | auth | the Windows login failed
17883 | crash | a scheduler hangs
18210 | io | a backup device failed
18452 | auth | the login is of a domain that is not trusted
18456 | auth | login failed
19406 | conflict | the availability replica changed its role
35206 | timeout | the connection to a replica timed out
35250 | unreachable | the primary replica can't be reached
35264 | conflict | data movement is suspended
41131 | unavailable | the availability group does not come online
976 | unavailable | the database is a replica that can't be read
983 | unavailable | the replica is neither primary nor secondary
`},
	{"grpc", `
1 | unavailable | cancelled
2 | unavailable | unknown
3 | invalid | invalid argument
4 | timeout | deadline exceeded
5 | missing | not found
6 | conflict | already exists
7 | permission | permission denied
8 | limit | resource exhausted
9 | conflict | failed precondition
10 | conflict | aborted
11 | invalid | out of range
12 | invalid | not implemented
13 | unavailable | internal
14 | unavailable | unavailable
15 | corrupt | data loss
16 | auth | not authenticated
canceled | unavailable | the caller gave up
cancelled | unavailable | the caller gave up
unknown | unavailable | unknown
invalidargument | invalid | invalid argument
deadlineexceeded | timeout | deadline exceeded
notfound | missing | not found
alreadyexists | conflict | already exists
permissiondenied | permission | permission denied
resourceexhausted | limit | resource exhausted
failedprecondition | conflict | failed precondition
aborted | conflict | aborted
outofrange | invalid | out of range
unimplemented | invalid | not implemented
internal | unavailable | internal
unavailable | unavailable | unavailable
dataloss | corrupt | data loss
unauthenticated | auth | not authenticated
`},
	{"tls", `
10 | tls | unexpected message
20 | tls | bad record MAC
21 | tls | decryption failed
22 | tls | record overflow
40 | tls | handshake failure
42 | tls | bad certificate
43 | tls | unsupported certificate
44 | tls | certificate revoked
45 | tls_expired | certificate expired
46 | tls | certificate unknown
47 | tls | illegal parameter
48 | tls | unknown CA
49 | permission | access denied
50 | tls | decode error
51 | tls | decrypt error
70 | tls | protocol version
71 | tls | insufficient security
80 | tls | internal error
86 | tls | inappropriate fallback
90 | tls | cancelled by the user
109 | tls | missing extension
112 | tls | unrecognized name
113 | tls | bad certificate status
115 | auth | unknown pre-shared key
116 | tls | certificate required
120 | tls | no application protocol
`},
	{"dns", `
1 | dns | FORMERR: the server did not understand the query
2 | dns | SERVFAIL: the resolver could not get an answer
3 | dns | NXDOMAIN: the name does not exist
4 | dns | NOTIMP: not implemented
5 | dns | REFUSED: the server does not answer this client
6 | dns | YXDOMAIN: the name exists and must not
8 | dns | NXRRSET: the record does not exist
9 | dns | NOTAUTH: not authoritative
10 | dns | NOTZONE: not of the zone
16 | dns | BADVERS or BADSIG
17 | dns | BADKEY
18 | clock | BADTIME
refused | dns | the server does not answer this client
formerr | dns | the server did not understand the query
notimp | dns | not implemented
`},
	{"ldap", `
1 | invalid | operations error
2 | invalid | protocol error
3 | timeout | time limit exceeded
4 | limit | size limit exceeded
8 | auth | stronger authentication required
11 | limit | administrative limit exceeded
12 | invalid | critical extension not available
13 | config | confidentiality required
16 | missing | no such attribute
19 | conflict | constraint violation
20 | conflict | the value exists already
21 | invalid | invalid syntax
32 | missing | no such object
34 | invalid | invalid name
48 | auth | inappropriate authentication
49 | auth | name or password is wrong
50 | permission | insufficient access rights
51 | unavailable | busy
52 | unavailable | unavailable
53 | permission | unwilling to perform
65 | invalid | object class violation
68 | conflict | the entry exists already
80 | unavailable | other
81 | unreachable | the server is down
85 | timeout | timed out
91 | unreachable | connect error
`},
	{"smtp", `
421 | unavailable | service not available
422 | no_space | the mailbox is full
431 | no_space | the server is short of disk
432 | unavailable | the server takes no mail
441 | unreachable | the recipient's server does not answer
442 | reset | the connection broke
447 | timeout | timed out
450 | unavailable | mailbox not available for now
451 | unavailable | given up for now
452 | no_space | too little storage
454 | auth | temporary authentication failure
500 | invalid | unknown command
501 | invalid | wrong argument
502 | invalid | not implemented
503 | invalid | wrong order of commands
504 | invalid | parameter not implemented
521 | permission | takes no mail
530 | auth | authentication required
534 | auth | mechanism too weak
535 | auth | name or password is wrong
541 | permission | rejected as spam
550 | missing | mailbox not available
551 | missing | the user is elsewhere
552 | no_space | over quota
553 | invalid | mailbox name not allowed
554 | permission | transaction failed
`},
	{"sip", `
400 | invalid | bad request
401 | auth | not authenticated
403 | permission | forbidden
404 | missing | no such user
405 | invalid | method not allowed
407 | auth | the proxy wants a password
408 | timeout | request timeout
410 | missing | gone
415 | config | unsupported media
420 | config | bad extension
423 | config | interval too brief
480 | unavailable | temporarily unavailable
481 | conflict | no such call
482 | config | loop detected
483 | config | too many hops
484 | invalid | address incomplete
486 | limit | busy here
487 | timeout | request terminated
488 | config | not acceptable here
491 | conflict | request pending
500 | unavailable | the server broke
501 | invalid | not implemented
502 | unavailable | bad gateway
503 | unavailable | service unavailable
504 | timeout | server timeout
513 | limit | message too large
580 | config | precondition failed
600 | limit | busy everywhere
603 | permission | declined
604 | missing | exists nowhere
606 | config | not acceptable
`},
	{"event", `
7 | io | the device has a bad block
9 | timeout | the device did not answer in time
11 | io | the driver found a controller error
13 | none | the system shut down
15 | io | the device is not ready
41 | crash | the system restarted without a clean shutdown
50 | io | a delayed write failed
51 | io | an error in a paging operation
55 | corrupt | the file system is damaged
57 | io | data could not be flushed
98 | none | the volume is healthy
129 | timeout | the disk did not answer and was reset
137 | corrupt | the transaction log of the volume failed
153 | io | a disk operation was tried again
157 | io | a disk was removed by surprise
333 | io | the registry could not be written
1000 | crash | an application crashed
1001 | crash | a bugcheck or application fault was reported
1002 | crash | an application hangs
1003 | crash | a bugcheck was reported
1006 | auth | group policy could not bind to the domain
1026 | crash | a .NET application crashed
1030 | config | group policy can't be read
1058 | config | group policy can't be read
1069 | unavailable | a cluster resource failed
1074 | none | a planned restart
1129 | unreachable | no domain controller for group policy
1135 | unreachable | a cluster node was removed
1146 | crash | the cluster's resource host died
1177 | unavailable | the cluster lost its quorum
1202 | config | security policies were applied with warnings
1205 | unavailable | a cluster group did not come online
1230 | timeout | a cluster resource hangs
1311 | config | replication has no path between sites
1388 | corrupt | a lingering object
1564 | unreachable | the file share witness failed
1645 | auth | a service name is missing for replication
1865 | unreachable | sites can't be reached for replication
1925 | unreachable | no replication link
1988 | corrupt | a lingering object
2004 | memory | virtual memory is nearly used up
2012 | io | the server service met an error
2017 | memory | non-paged pool is used up
2019 | memory | non-paged pool is used up
2020 | memory | paged pool is used up
2042 | clock | replication is older than the tombstone lifetime
2087 | dns | the name of a replication partner does not resolve
2088 | dns | the name of a replication partner does not resolve
2092 | conflict | the owner of a role has not replicated
2095 | conflict | a rollback of update numbers
2103 | conflict | the directory was restored wrongly
2108 | corrupt | replication met a damaged object
2213 | corrupt | the replication database shut down unclean
3041 | io | a backup failed
3210 | auth | the machine's secure channel failed
4013 | unavailable | the name server waits for the directory
4015 | unavailable | the name server can't use the directory
4227 | limit | no local ports are left
4231 | limit | no local ports are left
4319 | conflict | a name is twice in the network
4199 | conflict | an address is twice in the network
4624 | none | a logon
4625 | auth | a logon failed
4634 | none | a logoff
4648 | none | a logon with other credentials
4672 | none | a privileged logon
4719 | permission | the audit policy was changed
4720 | none | an account was made
4726 | none | an account was deleted
4732 | none | a member was added to a local group
4740 | auth | an account was locked
4768 | none | a ticket was asked for
4769 | none | a service ticket was asked for
4771 | auth | the password is wrong for Kerberos
4776 | none | credentials were checked
5001 | unavailable | protection is off
5002 | unavailable | replication broke off
5012 | unreachable | replication can't reach its partner
5014 | unreachable | replication stopped with its partner
5120 | io | a cluster volume is paused
5142 | io | a cluster volume can't be reached
5153 | permission | the packet filter dropped a packet
5719 | unreachable | no domain controller answers
5722 | auth | the machine's account is not accepted
5723 | auth | the machine's account is missing
5783 | unreachable | the session with the domain controller does not answer
5805 | auth | the machine could not log on
6005 | none | the system started
6006 | none | the system shut down cleanly
6008 | crash | the last shutdown was not expected
7000 | unavailable | a service did not start
7001 | unavailable | a service that it needs did not start
7009 | timeout | a service did not connect in time
7011 | timeout | a service did not answer in time
7022 | timeout | a service hung at start
7023 | crash | a service ended with an error
7024 | crash | a service ended with an error of its own
7026 | unavailable | a driver did not load
7031 | crash | a service ended unexpectedly
7034 | crash | a service ended unexpectedly
7036 | none | a service changed its state
7038 | auth | a service could not log on
7040 | none | the start type of a service was changed
7041 | permission | a service may not log on
7045 | none | a service was installed
8003 | conflict | another master browser
8193 | unavailable | a shadow copy failed
8194 | permission | the shadow copy service has no right
10016 | permission | a component may not be started
10028 | unreachable | a component's machine does not answer
11 | conflict | two accounts have one service name
12289 | io | the shadow copy service failed
13508 | unreachable | replication can't reach its partner
13568 | conflict | replication is in journal wrap
14050 | auth | the hypervisor could not register its service name
15350 | unavailable | the hypervisor can't start the machine
16400 | unavailable | a virtual machine could not be saved
18456 | auth | login failed
18560 | crash | a virtual machine was reset
20291 | unreachable | a virtual machine lost its network
29106 | config | a machine can't be checked
36871 | tls | no TLS credential could be made
36874 | tls | no common cipher
36882 | tls | the issuer is not trusted
36884 | tls | the certificate is for another name
36887 | tls | the peer sent a TLS alert
36888 | tls | a TLS alert was sent
`},
	{"exit", `
1 | crash | an error
2 | invalid | wrong usage
126 | permission | the command can't be executed
127 | missing | the command was not found
128 | invalid | wrong exit argument
129 | crash | ended by SIGHUP
130 | none | ended by SIGINT
132 | crash | ended by SIGILL
134 | crash | ended by SIGABRT
135 | crash | ended by SIGBUS
136 | crash | ended by SIGFPE
137 | memory | ended by SIGKILL: often for memory
139 | crash | ended by SIGSEGV
141 | reset | ended by SIGPIPE
143 | none | ended by SIGTERM
152 | limit | ended by SIGXCPU
153 | limit | ended by SIGXFSZ
200 | permission | systemd: the working directory can't be entered
203 | missing | systemd: the program can't be executed
209 | io | systemd: the output can't be opened
217 | missing | systemd: there is no such user
226 | config | systemd: the name space can't be made
255 | crash | an error without a number
`},
	{"signal", `
1 | none | SIGHUP
2 | none | SIGINT
3 | crash | SIGQUIT
4 | crash | SIGILL
6 | crash | SIGABRT
7 | crash | SIGBUS
8 | crash | SIGFPE
9 | crash | SIGKILL
11 | crash | SIGSEGV
13 | reset | SIGPIPE
15 | none | SIGTERM
24 | limit | SIGXCPU
25 | limit | SIGXFSZ
sigabrt | crash | the process gave up
sigbus | crash | the process read what is not there
sigfpe | crash | the process divided by zero
sigill | crash | the process ran a wrong instruction
sigkill | crash | the process was killed
sigsegv | crash | the process read what is not its own
sigterm | none | the process was asked to end
`},
	{"hresult", `
0x80004005 | unavailable | unspecified error
0x80070002 | missing | the file can't be found
0x80070003 | missing | the path can't be found
0x80070005 | permission | access is denied
0x8007000e | memory | out of memory
0x80070020 | conflict | another process uses the file
0x80070035 | missing | the network path can't be found
0x80070040 | reset | the network name is gone
0x80070057 | invalid | a parameter is wrong
0x80070070 | no_space | the disk is full
0x8007007b | invalid | the name is wrong
0x80070079 | timeout | timed out
0x8007045b | unavailable | the system is shutting down
0x800705aa | memory | resources are short
0x800705b4 | timeout | timed out
0x8007052e | auth | name or password is wrong
0x80070533 | auth | the account is disabled
0x80070569 | permission | the account may not log on as a service
0x80070652 | conflict | another installation runs
0x80070643 | crash | the installation failed
0x800706ba | unreachable | no RPC server answers
0x800706be | crash | the remote call failed
0x80070776 | config | the object exporter is not known
0x80072ee2 | timeout | timed out
0x80072ee7 | dns | the name does not resolve
0x80072efd | refused | the connection failed
0x80072efe | reset | the connection was closed
0x80072f8f | tls | a certificate or the clock is wrong
0x80080005 | crash | the component's server did not start
0x80090016 | missing | the key set does not exist
0x80090308 | auth | the token makes no sense
0x80090322 | auth | the service name is wrong
0x80090325 | tls | the issuer is not trusted
0x80090326 | tls | the message makes no sense
0x80090328 | tls_expired | the certificate has expired
0x80090331 | tls | no common algorithm
0x800b0101 | tls_expired | the certificate is outside its dates
0x800b0109 | tls | the root is not trusted
0x800b010f | tls | the name does not fit the certificate
0x80040154 | config | the class is not registered
0x80042306 | unavailable | the shadow copy provider refused
0x80042316 | conflict | another shadow copy is being made
0x80042318 | unavailable | a shadow copy writer failed
0x8004231f | no_space | too little room for shadow copies
0x80131904 | unavailable | the SQL client failed
0x80240022 | unavailable | every update failed
0x80244022 | unavailable | the update server is not available
0x8024402c | dns | the update server's name does not resolve
0x800f0922 | no_space | the installation failed: often for space
0x80073712 | corrupt | the component store is damaged
0x80092013 | unreachable | the revocation server does not answer
0xc0000005 | crash | access violation
0xc0000017 | memory | out of memory
0xc0000022 | permission | access denied
0xc000005e | unreachable | no logon servers
0xc0000064 | auth | there is no such user
0xc000006a | auth | the password is wrong
0xc000006d | auth | logon failure
0xc000006e | auth | the account is restricted
0xc000006f | auth | outside the hours of logon
0xc0000070 | auth | not from this workstation
0xc0000071 | auth | the password has expired
0xc0000072 | auth | the account is disabled
0xc000007f | no_space | the disk is full
0xc00000bb | invalid | not supported
0xc00000b5 | timeout | the device timed out
0xc00000c4 | unreachable | the network answers oddly
0xc00000cc | missing | there is no such share
0xc0000133 | clock | the clock differs from the domain's
0xc000015b | permission | this kind of logon is not granted
0xc000018b | auth | the machine's account is missing
0xc000018d | auth | the trust with the domain is broken
0xc0000193 | auth | the account has expired
0xc0000194 | conflict | deadlock
0xc0000224 | auth | the password must be changed
0xc0000234 | auth | the account is locked
0xc0000374 | corrupt | the heap is damaged
0xc0000409 | crash | a buffer overran
0xc00000fd | crash | the stack overran
0xc000021a | crash | a critical system process ended
0xe0434352 | crash | an unhandled .NET exception
`},
	{"cisco", `
UPDOWN | unreachable | a line changed its state
ADJCHANGE | unreachable | a neighbour came or went
ADJCHG | unreachable | a neighbour came or went
NBRCHANGE | unreachable | a neighbour came or went
NOTIFICATION | reset | a BGP session was ended
MAXPFX | limit | nearly more prefixes than allowed
MAXPFXEXCEED | limit | more prefixes than allowed
ERR_DISABLE | conflict | the port was closed to protect the network
PSECURE_VIOLATION | permission | a foreign device at the port
BLOCK_BPDUGUARD | conflict | a switch stands where none may
LOOPGUARD_BLOCK | conflict | the port was blocked for a possible loop
ROOTGUARD_BLOCK | conflict | the port was blocked for a better root bridge
TOPOTRAP | none | the spanning tree changed
MACFLAP_NOTIF | conflict | an address moves between ports: a loop or a twin
HOST_FLAPPING | conflict | an address moves between ports: a loop or a twin
DUPLEX_MISMATCH | config | one side is half duplex
NATIVE_VLAN_MISMATCH | config | the two sides have other native VLANs
DUPADDR | conflict | an address is twice in the network
STORM_CONTROL | limit | too much broadcast traffic
SHUTDOWN | limit | the port was closed for a storm
FILTERED | limit | broadcast traffic is filtered
CANTBUNDLE2 | config | the port does not fit the bundle
UNBUNDLE | unreachable | a port left the bundle
FAN_FAILED | io | a fan failed
PSFANFAIL | io | a fan of the power supply failed
PS_FAIL | io | a power supply failed
FAULTY | io | a part is faulty
TEMP_WARNING | io | it is too hot
CPUHOG | limit | a process kept the processor
MALLOCFAIL | memory | no memory could be had
THRESHOLD | limit | a threshold was crossed
RISINGTHRESHOLD | limit | a threshold was crossed
LOGIN_FAILED | auth | a login failed
RELOAD | none | a restart was asked for
RESTART | crash | the system restarted
CONFIG_I | none | the configuration was changed
STATECHANGE | none | a redundancy group changed its state
STATE_CHANGE | none | a redundancy group changed its state
CRASH | crash | a process crashed
SYSTEM_MSG | none | a message of the system
PEER_KEEP_ALIVE_RECV_FAIL | unreachable | the peer's keep-alives stay away
PEER_LINK_DOWN | unreachable | the link between the peers is down
`},
}
