package reading

// What software prints when it fails: words and phrases that mean the same in any text. Each line holds, split by bars: the code as it is
// written, its class, what it means, and, where there are any, other spellings split by semicolons. A code that starts with = counts only
// where its case is the same, as it is an English word besides; one that starts with ~ is a name for phrases and never looked for.
var spelled = []struct{ system, lines string }{
	{"errno", `
ECONNREFUSED | refused | nothing listens at that address and port | connection refused; actively refused; connect refused; verbindung verweigert; connexion refusée; conexión rechazada; conexión rehusada; в соединении отказано; соединение отклонено; 拒绝连接; 连接被拒绝; 接続が拒否されました
ECONNRESET | reset | the peer dropped the connection | connection reset; reset by peer; forcibly closed by the remote host; connexion ré-initialisée; verbindung wurde vom kommunikationspartner zurückgesetzt; 连接被重置; соединение сброшено
ECONNABORTED | reset | the connection was given up here | software caused connection abort; connection aborted
EPIPE | reset | the reader is gone | broken pipe
ETIMEDOUT | timeout | nobody answered in time | connection timed out; operation timed out; connect timed out; read timed out; i/o timeout; request timed out; zeitüberschreitung; délai dépassé; délai d'attente dépassé; tiempo de espera agotado; 连接超时; 请求超时; タイムアウト; время ожидания истекло; превышено время ожидания
EHOSTUNREACH | unreachable | no way to the host | no route to host; host is unreachable; host unreachable; destination host unreachable; aucun chemin d'accès pour atteindre l'hôte; keine route zum zielrechner; no hay ruta hasta el host; нет маршрута до узла; 没有到主机的路由
ENETUNREACH | unreachable | no way to the network | network is unreachable; destination net unreachable; network unreachable
EHOSTDOWN | unreachable | the host is down | host is down
ENETDOWN | unreachable | the local network is down | network is down
EADDRINUSE | conflict | another process has the port | address already in use; only one usage of each socket address
EADDRNOTAVAIL | limit | no local address or port is left | cannot assign requested address; can't assign requested address
ENOTCONN | reset | the socket is not connected | transport endpoint is not connected; socket is not connected
ENOSPC | no_space | the disk, its inodes or another quota is used up | no space left on device; no space left; disk full; disk is full; not enough space on the disk; aucun espace disponible sur le périphérique; kein speicherplatz mehr auf dem gerät verfügbar; no queda espacio en el dispositivo; 设备上没有空间; デバイスに空き領域がありません; на устройстве не осталось свободного места
EDQUOT | no_space | the user's disk quota is used up | disk quota exceeded
EFBIG | limit | the file is larger than allowed | file too large
EROFS | read_only | the file system takes no writes | read-only file system; read only filesystem
EIO | io | the device failed to read or write | input/output error; i/o error; buffer i/o error; eingabe-/ausgabefehler; erreur d'entrée/sortie
ENXIO | io | no such device or address | no such device or address
ENODEV | io | no such device | no such device
ENOENT | missing | there is no such file or directory | no such file or directory; the system cannot find the file specified; cannot find the path specified; file not found; aucun fichier ou dossier de ce type; datei oder verzeichnis nicht gefunden; no existe el fichero o el directorio; 没有那个文件或目录; нет такого файла или каталога
ESRCH | missing | there is no such process | no such process
EACCES | permission | the file or port is not for this user | permission denied; access is denied; keine berechtigung; permission non accordée; permiso denegado; 权限不够; 許可がありません; отказано в доступе
EPERM | permission | only a privileged process may do this | operation not permitted
ENOMEM | memory | no memory could be had | cannot allocate memory; can't allocate memory; out of memory; unable to allocate memory; memory allocation failed; nicht genug hauptspeicher verfügbar; impossible d'allouer de la mémoire; 内存不足; 内存溢出; недостаточно памяти
EMFILE | limit | the process has too many files open | too many open files
ENFILE | limit | the system has too many files open | too many open files in system; file table overflow
EAGAIN | limit | a resource is short for the moment | resource temporarily unavailable; try again later
EBUSY | conflict | something else holds it | device or resource busy; text file busy
EDEADLK | conflict | a deadlock was avoided | resource deadlock avoided; resource deadlock would occur
EEXIST | conflict | it exists already | file exists
ENOTEMPTY | conflict | the directory is not empty | directory not empty
ESTALE | io | the file server forgot the handle | stale file handle; stale nfs file handle
ELOOP | config | the links run in a circle | too many levels of symbolic links
ENAMETOOLONG | invalid | the name is too long | file name too long
EINVAL | invalid | an argument makes no sense here | invalid argument
ENOTSUP | invalid | not supported here | operation not supported
ENOBUFS | memory | no buffer space is left | no buffer space available
EMSGSIZE | limit | the message is larger than the path takes | message too long
EPROTO | invalid | the peer broke the protocol | protocol error
EBADMSG | corrupt | what was read is damaged | bad message
EUCLEAN | corrupt | the file system is damaged | structure needs cleaning
EILSEQ | corrupt | a byte sequence is no character | invalid or incomplete multibyte
EBADF | invalid | the file is closed | bad file descriptor
ENOEXEC | config | the file is of another format or machine | exec format error
EINTR | unavailable | a signal interrupted it | interrupted system call
ECHILD | missing | there is no such child process | no child processes
ENOTFOUND | dns | the name does not resolve | name or service not known; could not resolve host; nodename nor servname provided; no such host; no such host is known; name does not resolve; could not be resolved; getaddrinfo failed; unknownhost; unknown host; 无法解析主机名; имя или служба не известны; name oder dienst nicht bekannt; nom ou service inconnu
EAI_AGAIN | dns | the resolver did not answer | temporary failure in name resolution
`},
	{"dns", `
NXDOMAIN | dns | the name does not exist | non-existent domain
SERVFAIL | dns | the resolver could not get an answer | server failure
NXRRSET | dns | the record that ought to exist does not |
NOTAUTH | dns | the server is not authoritative |
NOTZONE | dns | the name is not of the zone |
~LAME | dns | a name server does not serve the zone it is named for | lame server; lame delegation
~DNSSEC | dns | signatures of the zone can't be verified | dnssec validation failure; no valid rrsig; no valid ds; rrsig expired; signature expired rrsig
`},
	{"tls", `
~CERT_EXPIRED | tls_expired | the certificate is past its end | certificate has expired; certificate expired; certificate is expired; certificate has expired or is not yet valid; expired certificate; zertifikat ist abgelaufen; certificat a expiré; certificat expiré; certificado ha caducado; certificado ha expirado; 证书已过期; 证书过期; срок действия сертификата истек; 証明書の有効期限が切れています
CERT_HAS_EXPIRED | tls_expired | the certificate is past its end |
CERTIFICATE_EXPIRED | tls_expired | the certificate is past its end |
CERT_NOT_YET_VALID | tls_expired | the certificate is before its begin | certificate is not yet valid; not yet valid
ERR_CERT_DATE_INVALID | tls_expired | the certificate is outside its dates |
SEC_ERROR_EXPIRED_CERTIFICATE | tls_expired | the certificate is past its end |
SEC_E_CERT_EXPIRED | tls_expired | the certificate is past its end |
CERTIFICATE_VERIFY_FAILED | tls | the certificate does not verify | certificate verify failed; tls handshake failed; ssl handshake failed
HANDSHAKE_FAILURE | tls | the two found no common ground | handshake failure; sslv3 alert handshake failure; received fatal alert handshake_failure; no shared cipher; no cipher suites in common; tls handshake error; ssl handshake error; tls handshake timeout; handshake error
BAD_CERTIFICATE | tls | the peer rejected the certificate | tls bad certificate; remote error tls bad certificate
UNKNOWN_CA | tls | the issuer is not trusted | certificate signed by unknown authority; unable to get local issuer certificate; self signed certificate; self-signed certificate in certificate chain; pkix path building failed; unable to find valid certification path; unknown ca; certificate is not trusted
DEPTH_ZERO_SELF_SIGNED_CERT | tls | the certificate signs itself |
UNABLE_TO_VERIFY_LEAF_SIGNATURE | tls | the chain is not complete |
CERTIFICATE_REVOKED | tls | the certificate was revoked | certificate has been revoked; certificate revoked
CERTIFICATE_UNKNOWN | tls | the peer did not accept the certificate |
ERR_TLS_CERT_ALTNAME_INVALID | tls | the certificate is for another name | hostname mismatch; doesn't match certificate; certificate is valid for; does not match the certificate subject name; no alternative certificate subject name matches; wrong principal
ERR_CERT_COMMON_NAME_INVALID | tls | the certificate is for another name |
ERR_CERT_AUTHORITY_INVALID | tls | the issuer is not trusted |
ERR_SSL_PROTOCOL_ERROR | tls | the two do not speak the same protocol |
SSL_ERROR_SYSCALL | tls | the connection broke in the handshake |
SSL_ERROR_SSL | tls | the TLS library failed |
PROTOCOL_VERSION | tls | no common version of TLS | unsupported protocol; tlsv1 alert protocol version; protocol version not supported; wrong version number; first record does not look like a tls handshake; http: server gave http response to https client
INAPPROPRIATE_FALLBACK | tls | the client fell back needlessly |
UNRECOGNIZED_NAME | tls | the server does not know the name | unrecognized name
DECRYPT_ERROR | tls | a signature or a key does not fit | bad record mac; decryption failed
INSUFFICIENT_SECURITY | tls | the key or cipher is too weak | dh key too small; ee key too small; ca md too weak
CLOSE_NOTIFY | reset | the peer closed without saying so | unexpected eof while reading
`},
	{"kerberos", `
KRB_AP_ERR_SKEW | clock | the clocks are too far apart | clock skew too great
KRB_AP_ERR_MODIFIED | auth | the service's key does not fit the ticket |
KRB_AP_ERR_TKT_EXPIRED | auth | the ticket has expired | ticket expired
KRB_AP_ERR_TKT_NYV | clock | the ticket is not yet valid | ticket not yet valid
KRB_AP_ERR_BAD_INTEGRITY | auth | the ticket can't be decrypted | decrypt integrity check failed
KRB_AP_ERR_REPEAT | auth | the request was seen before | request is a replay
KRB_AP_ERR_NOKEY | auth | the service has no key for the ticket |
KDC_ERR_C_PRINCIPAL_UNKNOWN | auth | the client is not known | client not found in kerberos database
KDC_ERR_S_PRINCIPAL_UNKNOWN | auth | the service has no principal name | server not found in kerberos database
KDC_ERR_CLIENT_REVOKED | auth | the account is locked or disabled | clients credentials have been revoked
KDC_ERR_KEY_EXPIRED | auth | the password has expired | password has expired
KDC_ERR_PREAUTH_FAILED | auth | the password is wrong | preauthentication failed
KDC_ERR_PREAUTH_REQUIRED | none | the client must prove itself first; usual |
KDC_ERR_ETYPE_NOSUPP | config | no common encryption type | kdc has no support for encryption type
KDC_ERR_POLICY | permission | a policy forbids it |
KDC_ERR_SVC_UNAVAILABLE | unavailable | the domain controller is not available |
KDC_ERR_WRONG_REALM | config | the client asks the wrong realm |
KRB_ERR_RESPONSE_TOO_BIG | limit | the answer is too big for UDP |
KRB5_KDC_UNREACH | unreachable | no KDC answers | cannot contact any kdc; cannot find kdc for realm
`},
	{"oauth", `
invalid_grant | auth | the grant or refresh token is spent or revoked |
invalid_client | auth | the client's secret is wrong or expired |
invalid_token | auth | the token is not accepted |
unauthorized_client | permission | the client may not use this grant |
insufficient_scope | permission | the token lacks the scope |
access_denied | permission | the user or server said no |
AADSTS7000215 | auth | the client secret is wrong |
AADSTS7000222 | auth | the client secret has expired |
AADSTS50126 | auth | name or password is wrong |
AADSTS50053 | auth | the account is locked |
AADSTS50057 | auth | the account is disabled |
AADSTS50076 | auth | a second factor is needed |
AADSTS53003 | permission | conditional access forbids it |
AADSTS700016 | config | the application is not known to the tenant |
AADSTS50011 | config | the reply address does not match |
AADSTS90033 | unavailable | the directory is not available for the moment |
`},
	{"grpc", `
=UNAVAILABLE | unavailable | the server can't be reached for the moment |
=DEADLINE_EXCEEDED | timeout | the deadline passed | context deadline exceeded; deadline exceeded; deadlineexceeded
=RESOURCE_EXHAUSTED | limit | a quota or a resource is used up | resourceexhausted
=UNAUTHENTICATED | auth | the caller is not known |
=PERMISSION_DENIED | permission | the caller may not do this |
=FAILED_PRECONDITION | conflict | the state does not allow it |
=ABORTED | conflict | another change came in between |
=DATA_LOSS | corrupt | data is lost or damaged |
=UNIMPLEMENTED | invalid | the server does not know the method |
=INVALID_ARGUMENT | invalid | the request makes no sense |
=ALREADY_EXISTS | conflict | it exists already |
=NOT_FOUND | missing | there is no such thing |
=OUT_OF_RANGE | invalid | beyond the valid range |
=INTERNAL | unavailable | the server broke |
=CANCELLED | unavailable | the caller gave up | context canceled
`},
	{"kubernetes", `
CrashLoopBackOff | crash | the container keeps crashing | back-off restarting failed container
OOMKilled | memory | the container used more memory than its limit |
ImagePullBackOff | missing | the image can't be pulled | back-off pulling image
ErrImagePull | missing | the image can't be pulled | failed to pull image
ErrImageNeverPull | missing | the image is not on the node |
InvalidImageName | config | the image's name is wrong |
CreateContainerConfigError | config | a secret or config map is missing |
CreateContainerError | config | the container can't be made |
RunContainerError | config | the container can't be started |
ContainerCannotRun | config | the container can't be started |
FailedScheduling | limit | no node fits the pod | nodes are available; didn't match pod
FailedMount | io | a volume can't be mounted | unable to attach or mount volumes
FailedAttachVolume | io | a volume can't be attached | multi-attach error
FailedCreatePodSandBox | config | the pod's network can't be made |
NodeNotReady | unavailable | the node does not report |
=NotReady | unavailable | it does not report itself ready |
=Evicted | limit | the node was short of a resource |
DiskPressure | no_space | the node is short of disk |
MemoryPressure | memory | the node is short of memory |
PIDPressure | limit | the node is short of process ids |
BackoffLimitExceeded | crash | the job failed too often |
DeadlineExceeded | timeout | the job ran too long |
=Unhealthy | unavailable | a probe fails | readiness probe failed; liveness probe failed; startup probe failed
NetworkPluginNotReady | config | the node has no pod network | network plugin is not ready
ProvisioningFailed | limit | no volume could be made |
FailedCreate | limit | the controller can't make pods | exceeded quota
etcdserver | unavailable | etcd can't answer | etcdserver no leader; etcdserver request timed out; etcdserver leader changed; mvcc database space exceeded
`},
	{"systemd", `
~exit-code | crash | the process ended with an error | result exit-code
~oom-kill | memory | the kernel killed it for memory | result oom-kill
~start-limit-hit | crash | it failed too often in a row | result start-limit-hit; start request repeated too quickly
~core-dump | crash | the process dumped core | result core-dump; dumped core; core dumped
~watchdog | timeout | the process stopped reporting | result watchdog; watchdog timeout
~timeout | timeout | it did not start or stop in time | result timeout; start operation timed out
~dependency | unavailable | a unit that it needs failed | result dependency; dependency failed for
~emergency | unavailable | the system did not come up | entered emergency mode; you are in emergency mode
`},
	{"kernel", `
~OOM | memory | the kernel killed a process for memory | oom-killer; invoked oom killer; out of memory killed process; memory cgroup out of memory; oom killer
~PANIC | crash | the kernel stopped | kernel panic; not syncing; unable to mount root fs
~LOCKUP | crash | a processor hangs | soft lockup; hard lockup; rcu stall; detected stalls on cpus
~HUNGTASK | io | a task waits for a device | blocked for more than; hung task
~SEGFAULT | crash | a process read what is not its own | segfault at; segmentation fault; general protection fault; sigsegv
~BUG | crash | the kernel found a fault of its own | kernel bug at; unable to handle kernel; null pointer dereference
~MCE | io | the processor reports a hardware fault | machine check exception; hardware error cpu; mce hardware error; uncorrectable ecc; uncorrected error; uncorrectable error
~CONNTRACK | limit | no more connections can be tracked | nf_conntrack table full; conntrack table full
~NEIGHBOUR | limit | the neighbour table is full | neighbour table overflow; neighbor table overflow
~SYNFLOOD | limit | more connections ask than are accepted | possible syn flooding
~EXT4 | corrupt | the file system found damage | ext4-fs error; xfs corruption; xfs metadata corruption; btrfs error; metadata i/o error; superblock corrupt
~REMOUNT | read_only | the file system was made read-only after an error | remounting filesystem read-only; remounted read-only
~SENSE | io | the disk reports a fault | medium error; unrecovered read error; sense key hardware error; sense key medium error; critical medium error; i/o error dev
~ATA | io | the disk link fails | ata bus error; failed command read fpdma queued; hard resetting link
~NVME | io | the controller is gone | nvme controller is down; controller is down will reset
~THERMAL | io | it is too hot | temperature above threshold; thermal shutdown; critical temperature reached
~LINK | unreachable | the link is gone | nic link is down; link is not ready; link becomes down; no carrier
`},
	{"snmp", `
noSuchName | missing | there is no such object |
noSuchObject | missing | there is no such object |
noSuchInstance | missing | there is no such instance |
genErr | unavailable | the agent failed |
tooBig | limit | the answer does not fit |
notWritable | permission | the object can't be set |
authorizationError | auth | the community or user may not |
usmStatsUnknownUserNames | auth | the agent does not know the user |
usmStatsWrongDigests | auth | the password is wrong |
usmStatsNotInTimeWindows | clock | the clocks or boots of the two differ |
usmStatsUnknownEngineIDs | config | the engine id is not known |
usmStatsDecryptionErrors | auth | the privacy password is wrong |
`},
	{"windows", `
STATUS_LOGON_FAILURE | auth | name or password is wrong | logon failure
STATUS_ACCESS_DENIED | permission | access is denied |
STATUS_ACCOUNT_LOCKED_OUT | auth | the account is locked | account is currently locked out; account locked out
STATUS_PASSWORD_EXPIRED | auth | the password has expired |
STATUS_TRUSTED_RELATIONSHIP_FAILURE | auth | the machine lost its trust with the domain | trust relationship between this workstation and the primary domain failed
STATUS_NO_LOGON_SERVERS | unreachable | no domain controller answers | no logon servers available
STATUS_TIME_DIFFERENCE_AT_DC | clock | the clock differs from the domain's |
STATUS_BAD_NETWORK_NAME | missing | there is no such share |
STATUS_DISK_FULL | no_space | the disk is full |
STATUS_IO_TIMEOUT | timeout | the device did not answer in time |
ERROR_NO_LOGON_SERVERS | unreachable | no domain controller answers |
RPC_S_SERVER_UNAVAILABLE | unreachable | no RPC server answers | rpc server is unavailable; the rpc server is unavailable
RPC_S_SERVER_TOO_BUSY | limit | the RPC server is too busy | rpc server is too busy
~NO_DC | unreachable | no domain controller answers | could not contact a domain controller; domain controller could not be contacted
~SPN | config | two accounts have one service name | duplicate spn
~BUGCHECK | crash | the machine stopped with a blue screen | rebooted from a bugcheck; kernel_security_check_failure; irql_not_less_or_equal; page_fault_in_nonpaged_area; unexpected_store_exception; driver_power_state_failure; whea_uncorrectable_error; critical_process_died; dpc_watchdog_violation; inaccessible_boot_device
`},
	{"redis", `
=NOAUTH | auth | a password is needed |
=WRONGPASS | auth | name or password is wrong |
=NOPERM | permission | the user may not |
=CLUSTERDOWN | unavailable | slots are not served | hash slot not served
=MASTERDOWN | unavailable | the link to the master is down |
=MISCONF | no_space | snapshots fail, so writes are refused |
=READONLY | read_only | a replica takes no writes | read only replica
=NOREPLICAS | unavailable | too few replicas for a write |
=EXECABORT | invalid | a command of the transaction was wrong |
=TRYAGAIN | conflict | slots are on the move |
=LOADING | unavailable | the data is being loaded | loading the dataset in memory
~OOM_COMMAND | memory | memory is at its limit | oom command not allowed; used memory maxmemory
~MAXCLIENTS | limit | too many clients | max number of clients reached
`},
	{"mongodb", `
NotWritablePrimary | unavailable | the node is not primary | not master; notmaster; not primary
NotPrimaryNoSecondaryOk | unavailable | the node is not primary |
PrimarySteppedDown | unavailable | the primary stepped down |
WriteConflict | conflict | two writes met |
E11000 | conflict | a key is there already | duplicate key error
MaxTimeMSExpired | timeout | the operation took too long |
CursorNotFound | missing | the cursor is gone |
ExceededMemoryLimit | memory | the operation needs too much memory |
MongoServerSelectionError | unreachable | no server of the set answers | server selection timeout; no replica set members; no primary found
`},
	{"kafka", `
NOT_LEADER_OR_FOLLOWER | conflict | the broker does not lead the partition |
NOT_LEADER_FOR_PARTITION | conflict | the broker does not lead the partition |
LEADER_NOT_AVAILABLE | unavailable | the partition has no leader |
NOT_ENOUGH_REPLICAS | unavailable | too few replicas are in sync |
NOT_ENOUGH_REPLICAS_AFTER_APPEND | unavailable | too few replicas are in sync |
NotEnoughReplicasException | unavailable | too few replicas are in sync |
UNKNOWN_TOPIC_OR_PARTITION | missing | there is no such topic |
COORDINATOR_NOT_AVAILABLE | unavailable | the group has no coordinator |
REQUEST_TIMED_OUT | timeout | the broker did not answer in time |
OFFSET_OUT_OF_RANGE | missing | the offset is gone |
REBALANCE_IN_PROGRESS | conflict | the group is rebalancing |
TOPIC_AUTHORIZATION_FAILED | permission | the client may not use the topic |
SASL_AUTHENTICATION_FAILED | auth | the client's credential is wrong |
RECORD_LIST_TOO_LARGE | limit | the batch is too large |
MESSAGE_TOO_LARGE | limit | the message is too large |
KAFKA_STORAGE_ERROR | io | the broker's disk fails |
CORRUPT_MESSAGE | corrupt | the message's checksum is wrong |
`},
	{"rabbitmq", `
PRECONDITION_FAILED | config | queue or exchange exists with other settings |
ACCESS_REFUSED | auth | the credential is wrong or may not |
RESOURCE_LOCKED | conflict | another connection owns the queue |
CONNECTION_FORCED | reset | the broker closed the connection |
CHANNEL_ERROR | invalid | the channel was misused |
UNEXPECTED_FRAME | invalid | the protocol was broken |
~ALARM | memory | the broker takes no messages | memory resource limit alarm; disk resource limit alarm; vm_memory_high_watermark
`},
	{"elasticsearch", `
es_rejected_execution_exception | limit | the queue of the pool is full |
circuit_breaking_exception | memory | the request would need too much memory |
cluster_block_exception | read_only | the index or cluster is blocked | flood stage disk watermark; read_only_allow_delete; read-only-allow-delete
no_shard_available_action_exception | unavailable | no copy of the shard is there |
master_not_discovered_exception | unavailable | the cluster has no master |
search_phase_execution_exception | unavailable | shards failed in a search |
unavailable_shards_exception | unavailable | the primary shard is not active |
version_conflict_engine_exception | conflict | another write came first |
index_not_found_exception | missing | there is no such index |
mapper_parsing_exception | invalid | a field does not fit the mapping |
`},
	{"aws", `
ThrottlingException | limit | too many calls | rate exceeded
RequestLimitExceeded | limit | too many calls |
TooManyRequestsException | limit | too many calls |
TooManyRequests | limit | too many calls |
ProvisionedThroughputExceededException | limit | more reads or writes than were paid for |
LimitExceededException | limit | a quota is used up |
ServiceQuotaExceededException | limit | a quota is used up |
VcpuLimitExceeded | limit | the quota of processors is used up |
AddressLimitExceeded | limit | the quota of addresses is used up |
InstanceLimitExceeded | limit | the quota of instances is used up |
InsufficientInstanceCapacity | limit | the zone has no machine of this type left |
InsufficientFreeAddressesInSubnet | limit | the subnet has no address left |
InsufficientDBInstanceCapacity | limit | the zone has no such database left |
AccessDeniedException | permission | a policy does not allow it | not authorized to perform
=AccessDenied | permission | a policy does not allow it |
UnauthorizedOperation | permission | a policy does not allow it |
ExpiredToken | auth | the session's token has expired |
ExpiredTokenException | auth | the session's token has expired |
InvalidClientTokenId | auth | the access key is not known |
SignatureDoesNotMatch | auth | the secret key is wrong |
RequestTimeTooSkewed | clock | the clock is wrong |
=SlowDown | limit | the bucket gets too many requests |
NoSuchBucket | missing | there is no such bucket |
NoSuchKey | missing | there is no such object |
KMSInvalidStateException | unavailable | the key is disabled or to be deleted |
ResourceNotFoundException | missing | there is no such thing |
ResourceInUseException | conflict | it is being changed |
ConditionalCheckFailedException | conflict | the condition did not hold |
ServiceUnavailableException | unavailable | the service is not available |
InternalServerException | unavailable | the service broke |
UPDATE_ROLLBACK_FAILED | conflict | the stack can neither go on nor back |
ROLLBACK_COMPLETE | conflict | the stack was not made |
StorageFull | no_space | the volume is full | storage-full
`},
	{"azure", `
AuthorizationFailed | permission | no role allows it |
AuthorizationFailure | permission | no role or address allows it |
AuthenticationFailed | auth | the credential is not accepted |
AllocationFailed | limit | no machine of this size is left | ZonalAllocationFailed; OverconstrainedAllocationRequest
SkuNotAvailable | limit | the size is not offered here |
QuotaExceeded | limit | a quota is used up |
OperationNotAllowed | limit | a quota or a policy forbids it |
RequestDisallowedByPolicy | permission | a policy forbids it |
SubscriptionRequestsThrottled | limit | too many calls |
ServerBusy | limit | too many requests to storage |
ResourceNotFound | missing | there is no such resource |
ScopeLocked | permission | a lock forbids it |
KeyVaultSecretExpired | auth | the secret has expired |
VMExtensionProvisioningError | config | the extension failed |
`},
	{"gcp", `
ZONE_RESOURCE_POOL_EXHAUSTED | limit | the zone has no such machine left |
QUOTA_EXCEEDED | limit | a quota is used up | quotaexceeded
rateLimitExceeded | limit | too many calls |
userRateLimitExceeded | limit | too many calls |
billingDisabled | permission | billing is off |
accountDisabled | auth | the account is disabled |
IP_SPACE_EXHAUSTED | limit | the subnet has no address left |
RESOURCE_OPERATION_RATE_EXCEEDED | limit | too many operations |
`},
	{"vmware", `
=APD | io | no path to the datastore answers | all paths down
=PDL | io | the datastore is lost for good | permanent device loss
=NoPermission | permission | the user may not |
InsufficientResourcesFault | limit | the hosts are full | insufficient resources to satisfy
HostNotConnected | unreachable | the host does not answer |
~HOSTD | unavailable | the host does not answer its manager | host not responding; not responding state; host connection lost
`},
	{"vpn", `
NO_PROPOSAL_CHOSEN | config | the two offer no common algorithms | no proposal chosen; no matching proposal
AUTHENTICATION_FAILED | auth | key or certificate does not fit | psk mismatch; pre-shared key mismatch
TS_UNACCEPTABLE | config | the two want other networks |
INVALID_ID_INFORMATION | config | the identities do not fit |
INVALID_KE_PAYLOAD | config | the two want other groups |
INVALID_SPI | conflict | one side forgot the tunnel |
~DPD | timeout | the peer does not answer | dpd timeout; dead peer detected; peer is dead; dpd failure
`},
	{"bgp", `
~HOLD | timeout | the neighbour fell silent | hold timer expired; hold time expired
~CEASE | reset | the neighbour ended the session | notification cease; cease administrative; administrative shutdown; administrative reset
~MAXPREFIX | limit | more prefixes than allowed | maximum number of prefixes; maximum prefix; maximum-prefix; max prefix limit
`},
	{"sql", `
~TOO_MANY | limit | the database takes no more connections | too many clients already; too many connections; remaining connection slots are reserved; max_connections; connection pool exhausted; timeout waiting for idle object; unable to acquire jdbc connection; connection is not available; queuepool limit; pool timeout
~DEADLOCK | conflict | two transactions wait for each other | deadlock detected; deadlock found; deadlock victim; was deadlocked on lock
~LOCK_WAIT | conflict | a lock was not had in time | lock wait timeout exceeded; lock timeout; lock request time out; database is locked; could not obtain lock
~DUPLICATE | conflict | a key is there already | duplicate key value; duplicate entry; unique constraint violated; violates unique constraint
~AUTH | auth | name or password is wrong | password authentication failed; access denied for user; login failed for user; no pg_hba.conf entry; authentication failed; invalid username or password; invalid username/password; invalid credentials; bad credentials
~CORRUPT | corrupt | the data is damaged | invalid page in block; could not read block; page verification failed; checksum mismatch; checksum error; crc mismatch; crc error; database disk image is malformed; table is marked as crashed; corrupted page; data corruption
~READ_ONLY | read_only | the database takes no writes | cannot execute in a read-only transaction; super-read-only; --read-only option; database is in read only mode
~STARTING | unavailable | the database is starting or stopping | database system is starting up; database system is shutting down; database system is in recovery mode
~SLOT | missing | the log that a replica needs is gone | requested wal segment has already been removed; could not find first log file name; replication slot does not exist
~CANCEL | timeout | a statement ran too long | canceling statement due to statement timeout; statement timeout; query execution was interrupted; query timeout expired
~GONE | reset | the server went away | server has gone away; lost connection to mysql server; server closed the connection unexpectedly; terminating connection; ssl connection has been closed unexpectedly
~WRAPAROUND | limit | transaction numbers run out | must be vacuumed within; not accepting commands to avoid wraparound
`},
	{"http", `
~BAD_GATEWAY | unavailable | a server behind it answered nonsense or nothing | bad gateway; upstream prematurely closed connection; no live upstreams; no healthy upstream; upstream connect error; no server is available to handle this request; backend has no server available
~UNAVAILABLE | unavailable | the server can't answer for the moment | service unavailable; service temporarily unavailable; dienst nicht verfügbar; service indisponible; servicio no disponible; 服务不可用; сервис недоступен
~GATEWAY_TIMEOUT | timeout | a server behind it did not answer in time | gateway timeout; gateway time-out; upstream timed out; upstream request timeout
~INTERNAL | unavailable | the server broke | internal server error; erreur interne du serveur; interner serverfehler; error interno del servidor; 服务器内部错误; внутренняя ошибка сервера
~TOO_MANY | limit | too many requests | too many requests; rate limit exceeded; rate limited; ratelimit exceeded; quota exceeded
~TOO_LARGE | limit | the request is too large | request entity too large; payload too large; client intended to send too large body
ERR_CONNECTION_REFUSED | refused | nothing listens at that address and port |
ERR_CONNECTION_RESET | reset | the peer dropped the connection |
ERR_CONNECTION_TIMED_OUT | timeout | nobody answered in time |
ERR_NAME_NOT_RESOLVED | dns | the name does not resolve |
ERR_TOO_MANY_REDIRECTS | config | redirects run in a circle |
`},
	{"cisco", `
err-disabled | conflict | the switch closed the port to protect the network | err-disable; errdisable; errdisabled
~BPDUGUARD | conflict | a switch stands where none may | bpdu guard; bpduguard
~STORM | limit | too much broadcast traffic | storm control action; storm detected
~DUPLEX | config | one side is half duplex | duplex mismatch
~NATIVE | config | the two sides have other native VLANs | native vlan mismatch
`},
	{"mail", `
~BLOCKLIST | permission | the sender's address is on a block list | blocked using spamhaus; listed at; blocklisted; blacklisted; poor reputation
~RELAY | permission | the server does not relay for the sender | relay access denied; relaying denied; unable to relay
~GREYLIST | limit | the server asks to come again later | greylisted; greylisting in action
~MAILBOX_FULL | no_space | the mailbox is full | mailbox full; mailbox is full; over quota; quota exceeded mailbox
~NO_USER | missing | there is no such mailbox | user unknown; no such user; mailbox unavailable; recipient address rejected
~DMARC | auth | the sender can't be verified | dmarc policy; spf fail; dkim fail; spf check failed; dkim signature verification failed
`},
	{"jvm", `
OutOfMemoryError | memory | the heap or another pool is used up | java heap space; gc overhead limit exceeded; heap out of memory; unable to create native thread; metaspace
StackOverflowError | crash | calls nest too deep | maximum call stack size exceeded; stack overflow; maximum recursion depth exceeded
~GOROUTINE | crash | a Go program found a fault of its own | index out of range; nil pointer dereference; invalid memory address; concurrent map writes; all goroutines are asleep; slice bounds out of range
`},
	{"exception", `
=ConnectException | refused | a connection could not be made
=ConnectionRefusedError | refused | nothing listens at that address and port
=ConnectionResetError | reset | the peer dropped the connection
=ConnectionError | unreachable | a connection failed
=ConnectionTimeoutException | timeout | no connection in time
=ConnectTimeoutException | timeout | no connection in time
=SocketTimeoutException | timeout | no answer in time
=TimeoutException | timeout | no answer in time
=TimeoutError | timeout | no answer in time
=ReadTimeout | timeout | no answer in time
=ReadTimeoutError | timeout | no answer in time
=ConnectTimeout | timeout | no connection in time
=ConnectTimeoutError | timeout | no connection in time
=QueryTimeoutException | timeout | a query took too long
=SQLTimeoutException | timeout | a query took too long
=TransactionTimedOutException | timeout | a transaction took too long
=TaskCanceledException | timeout | a call was given up
=OperationCanceledException | timeout | a call was given up
=UnknownHostException | dns | the name does not resolve
=NameResolutionError | dns | the name does not resolve
=gaierror | dns | the name does not resolve
=NoRouteToHostException | unreachable | no way to the host
=BrokenPipeError | reset | the reader is gone
=EOFException | reset | the stream ended too early
=EOFError | reset | the stream ended too early
=ClosedChannelException | reset | the channel is closed
=CommunicationsException | reset | the link to the database broke
=SSLHandshakeException | tls | the TLS handshake failed
=SSLException | tls | TLS failed
=SSLError | tls | TLS failed
=SSLCertVerificationError | tls | the certificate does not verify
=SSLPeerUnverifiedException | tls | the certificate does not verify
=CertificateExpiredException | tls_expired | the certificate has expired
=CertificateNotYetValidException | tls_expired | the certificate is not yet valid
=CertPathValidatorException | tls | the certificate chain is not valid
=SunCertPathBuilderException | tls | the certificate chain is not valid
=OutOfMemoryException | memory | memory is used up
=MemoryError | memory | memory is used up
=StackOverflowException | crash | calls nest too deep
=RecursionError | crash | calls nest too deep
=AccessDeniedException | permission | access is denied
=PermissionError | permission | access is denied
=UnauthorizedAccessException | permission | access is denied
=AuthenticationException | auth | the login is not accepted
=AuthenticationError | auth | the login is not accepted
=BadCredentialsException | auth | name or password is wrong
=ExpiredJwtException | auth | the token has expired
=TokenExpiredError | auth | the token has expired
=ExpiredSignatureError | auth | the token has expired
=JsonWebTokenError | auth | the token is not valid
=SignatureException | auth | the signature does not fit
=InvalidSignatureException | auth | the signature does not fit
=InvalidTokenException | auth | the token is not valid
=FileNotFoundException | missing | the file can't be found
=FileNotFoundError | missing | the file can't be found
=NoSuchFileException | missing | the file can't be found
=ModuleNotFoundError | config | a module is missing
=ImportError | config | a module can't be loaded
=ClassNotFoundException | config | a class is missing
=NoClassDefFoundError | config | a class is missing
=NoSuchMethodError | config | two versions don't fit
=NoSuchBeanDefinitionException | config | a component is missing
=BeanCreationException | config | a component can't be made
=UnsatisfiedDependencyException | config | a component can't be made
=KeyError | invalid | a key is missing
=NullPointerException | invalid | a value is missing
=NullReferenceException | invalid | a value is missing
=AttributeError | invalid | a value is of another kind
=TypeError | invalid | a value is of another kind
=ReferenceError | invalid | a name is not known
=ValueError | invalid | a value makes no sense
=SyntaxError | invalid | the text can't be parsed
=RangeError | invalid | a value is out of range
=IndexError | invalid | beyond the end of a list
=IndexOutOfRangeException | invalid | beyond the end of a list
=ArrayIndexOutOfBoundsException | invalid | beyond the end of a list
=IllegalArgumentException | invalid | an argument makes no sense
=IllegalStateException | conflict | not in the state for it
=ConcurrentModificationException | conflict | changed while it was read
=OptimisticLockException | conflict | another change came first
=ObjectOptimisticLockingFailureException | conflict | another change came first
=CannotAcquireLockException | conflict | a lock was not had
=DeadlockLoserDataAccessException | conflict | deadlock victim
=DuplicateKeyException | conflict | a key is there already
=DataIntegrityViolationException | conflict | a constraint was violated
=IntegrityError | conflict | a constraint was violated
=ConstraintViolationException | conflict | a constraint was violated
=SQLTransientConnectionException | limit | no connection of the pool is free
=CannotGetJdbcConnectionException | limit | no connection could be had
=PoolExhaustedException | limit | no connection of the pool is free
=RejectedExecutionException | limit | the pool takes no more work
=BulkheadFullException | limit | too many calls at once
=RequestNotPermitted | limit | the rate limit holds
=CallNotPermittedException | unavailable | the circuit breaker is open
=BrokenCircuitException | unavailable | the circuit breaker is open
=HystrixRuntimeException | unavailable | a call behind a circuit breaker failed
=NoNodeAvailableException | unavailable | no node answers
=NoBrokersAvailable | unavailable | no broker answers
=OperationalError | unavailable | the database can't be used
=IOException | io | reading or writing failed
=IOError | io | reading or writing failed
=OSError | io | the system call failed
=UncheckedIOException | io | reading or writing failed
=JSONDecodeError | corrupt | the text is no JSON
=JsonParseException | corrupt | the text is no JSON
=JsonSyntaxException | corrupt | the text is no JSON
=MalformedJsonException | corrupt | the text is no JSON
=UnicodeDecodeError | corrupt | the bytes are no text
=SerializationException | corrupt | the bytes can't be read
=ChecksumException | corrupt | the checksum is wrong
=CorruptRecordException | corrupt | the record is damaged
=CorruptIndexException | corrupt | the index is damaged
=AssertionError | crash | what must be true is not
`},
}
