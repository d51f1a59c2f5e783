package reading

// The words by which the engine tells trouble from health and a name from a word. Stems, as Stem leaves them; they are general English and
// the vocabulary of operations, never the names of a system.

func set(lists ...string) map[string]bool {
	s := map[string]bool{}
	for _, list := range lists {
		for _, w := range Stems(list) {
			s[w] = true
		}
	}
	return s
}

var (
	// bad words say that something is wrong.
	bad = set(`error errors fail failed failing failure failures refused reject rejected rejecting denied deny down unreachable unavailable
		timeout timeouts timed lost loss drop dropped drops dropping crash crashed crashes exception panic fatal critical corrupt corrupted
		corruption expired expire overflow exhausted exhaustion full flapping flap broken stuck stopped dead died killed oom degraded slow
		latency saturated overload overloaded invalid unauthorized unauthorised forbidden blocked block violation storm loop flood
		unhealthy disconnected dismounted isolated stale missing absent unknown mismatch malformed aborted abort aborts bsod bugcheck
		outage offline hang hung exceeded exceeds throttled throttling throttle unresolved nxdomain servfail econnrefused etimedout
		enotfound ehostunreach econnreset unregistered err-disabled suspended lag lagging backlog drift skew leak spike spoofed attack
		brute breach incident emergency alert warning cannot unable split evicted evict insufficient starved deadlock deadlocks conflict
		conflicts queued interrupted refuse bounced undelivered misconfigured compromised wrong stale unverifiable`)
	// strong words say it by themselves, whatever else is said.
	strong = set(`econnrefused etimedout enotfound nxdomain servfail panic oom bsod bugcheck segfault sigsegv outage unreachable crashed
		exception traceback fatal`)
	// good words say that something is well.
	good = set(`ok okay healthy recovered recovery resolved restored normal success successful successfully succeeded reachable green
		passed passing stable ready completed cleared available listening accepted nominal renewed synchronized synchronised delivered`)
	// turned words say the opposite of what follows.
	turned = set(`no not never without zero none n't isn doesn 0 nor cleared`)
	// levels are the log levels that mean that nothing is wrong.
	levels = set(`info debug trace notice informational`)
	// plain words are too common to tie two messages together.
	plain = set(`the and for with from that this are was were has have had been not all any but its than then when what which who will
		can may now new old after before over under into onto about only also each every more most other some such very one two
		service server system application user users client clients host node request requests response connection connections connect
		port error errors failed failing failure timeout warning critical alert status state message log event monitor check health
		high low level rate count total value limit threshold percent second seconds minute minutes hour hours day days time since
		again still during between through against via per out off down up traffic network data process queue name number type id
		code http https tcp udp get post api app while because due could would should does did got see seen using use used active
		primary secondary normal expected current last first next run running start started stop stopped set sent receive received
		unable cannot instead mode main local remote call calls answer answers site path line page prod production usr affected
		gone back internal external device devices interface memory cpu disk file key table size long short left right`)
	// answers come before a status: "answered 401".
	answers = set(`status answered answer http code returned returns found got with error response`)
	// about introduces what a message is about.
	about = set(`from to upstream at against via reach reaching calling call contacting dial backend dependency on by towards toward
		connecting into of dependencies upstreams`)
	// reacts are verbs by which a caller tells what the one it called did.
	reacts = set(`answered answers responded responds returned returns needed took refused rejected sent`)
	// waits are verbs of waiting; trouble where they are about a call.
	waits = set(`took needed waited`)
	// kinds are what an entity may be called besides its name.
	kinds = set(`service svc server srv database db cluster switch router gateway proxy firewall controller broker cache queue node
		host api app portal check monitor pool`)
)

// Ordinary says that a word is of the vocabulary that any incident may use: it names nothing.
func Ordinary(stem string) bool {
	return plain[stem] || bad[stem] || good[stem] || about[stem] || levels[stem] || turned[stem]
}

// Good says that a word says that something is well.
func Good(stem string) bool { return good[stem] }

// Turns says that a word says the opposite of what follows.
func Turns(t Token) bool { return turned[t.Text] }
