package reading

// The words by which a message is understood: stems, as Stem leaves them. They are general English and the vocabulary of operations, never
// the names of a system.

// class is a set of the classes below.
type class uint32

const (
	bad       class = 1 << iota // says that something is wrong
	strong                      // says it by itself, whatever else is said
	predicate                   // is a bad word that states a failure rather than naming one: "failed", not "error"
	good                        // says that something is well
	restored                    // says that something is well again
	turned                      // says the opposite of what follows
	wanted                      // is bad where it is said not to be there: "no response", "is not running"
	leveled                     // is a log level
	calmly                      // is a log level at which nothing is wrong
	plain                       // is too common to tie two messages together
	answers                     // comes before a status: "answered 401"
	about                       // introduces what a message is about
	reacts                      // is a verb by which a caller tells what the one it called did
	waits                       // is a verb of waiting; trouble where it is about a call
	kinds                       // is what an entity may be called besides its name
	zero                        // is a value that says that there is none
	thing                       // does so after a space too
	holds                       // ends the name of a thing that is about trouble, and is none: "error handler", "timeout_ms"
	capacity                    // is used up where all of it is taken
	available                   // says that a number is of what may still be taken, or of what is well
	left                        // says that a number is of what remains of a capacity
	burden                      // is well where there is none or little of it: a queue, a lag
	delay                       // is what a time is the time of
	sway                        // is such a time of which little is already much
	attained                    // is well where it is said of all, and trouble where not: "6 of 6 joined"
	soft                        // is no trouble where it was meant: "stopped by operator"
	acted                       // is what people and their tools do to a system
	titled                      // is what carries a name in quotes that says nothing about health: report "failed payments"
	chores                      // is work that may be waiting: that there is none is well
	unneeded                    // is no trouble where it is said not to be: "not required"
)

// word is what is known about a stem.
type word struct {
	class   class
	phrases []phrase // that begin with it, longest first
}

var lexicon = newLexicon()

func newLexicon() map[string]*word {
	all := map[string]*word{}
	at := func(stem string) *word {
		if all[stem] == nil {
			all[stem] = &word{}
		}
		return all[stem]
	}
	for _, l := range vocabulary {
		for _, s := range cutStems(l.words) {
			at(s).class |= l.class
		}
	}
	for _, p := range phrases() {
		w := at(p.stems[0])
		w.phrases = append(w.phrases, p)
	}
	for _, w := range all {
		longestFirst(w.phrases)
	}
	return all
}

var vocabulary = []struct {
	class class
	words string
}{
	{bad, `error errors fail failed failing failure failures refused reject rejected rejecting denied deny down unreachable unavailable
		timeout timeouts timed lost loss drop dropped drops dropping crash crashed crashes exception panic fatal critical corrupt corrupted
		corruption expired expire overflow exhausted exhaustion full flapping flap broken stuck stopped dead died killed oom degraded slow
		latency saturated overload overloaded invalid unauthorized unauthorised forbidden blocked block violation storm loop flood
		unhealthy disconnected dismounted isolated stale missing absent unknown mismatch malformed aborted abort aborts bsod bugcheck
		outage offline hang hung exceeded exceeds throttled throttling throttle unresolved nxdomain servfail econnrefused etimedout
		enotfound ehostunreach econnreset unregistered suspended lag lagging backlog drift skew leak spike spoofed attack
		brute breach incident emergency alert warning cannot unable split evicted evict eviction insufficient starved deadlock deadlocks conflict
		conflicts queued interrupted faulted fault faulty jam jammed abended abend spoiled unreadable inconsistent implausible
		contaminated unbalanced diverged unassigned inaccessible lockout illegal deviation disagrees disagree unexpected nok trouble broke threats watchdog assertion interlock abnormally quarantined refuse bounced undelivered misconfigured compromised wrong stale unverifiable unexpectedly`},
	{strong, `econnrefused etimedout enotfound nxdomain servfail panic oom bsod bugcheck segfault sigsegv outage unreachable crashed
		traceback fatal`},
	{predicate, `failed failing refused rejected rejecting denied unreachable unavailable timed lost crashed corrupted exhausted broken stuck
		died killed disconnected dismounted aborted hung cannot unable exceeded unauthorized forbidden misconfigured compromised insufficient
		flapping unhealthy undelivered bounced unresolved expired outage offline degraded overloaded saturated unexpectedly`},
	{good, `ok okay healthy recovered recovery resolved restored normal success successful successfully succeeded reachable green
		passed passing stable ready completed cleared available listening accepted nominal renewed synchronized synchronised delivered`},
	{restored, `recovered recovers resolved restored reestablished resumed rejoined reconnected`},
	{turned, `no not none non never without zero t isn doesn don didn wasn aren hasn haven couldn 0 nor`},
	{wanted, `response responding respond reply replying answer answering heartbeat quorum leader carrier signal connectivity keepalive
		running found exist exists match matching matched start started starting work working connected synced synchronized mounted allowed
		permitted supported valid enough writable readable accessible present registered established active bootable resolvable operational
		functioning feedback contact supply voltage loaded installed trusted verified converged master primary backend backends endpoint endpoints upstream route space
		free`},
	{leveled, `trace debug verbose dbg fine finest info informational information inf notice warn warning wrn error err severe critical crit
		fatal alert emerg emergency panic`},
	{calmly, `info debug trace notice informational verbose`},
	{plain, `the and for with from that this are was were has have had been not all any but its than then when what which who will
		can may now new old after before over under into onto about only also each every more most other some such very one two
		service server system application user users client clients host node request requests response connection connections connect
		port error errors failed failing failure timeout warning critical alert status state message log event monitor check health
		high low level rate count total value limit threshold percent second seconds minute minutes hour hours day days time since
		again still during between through against via per out off down up traffic network data process queue name number type id
		code http https tcp udp get post api app while because due could would should does did got see seen using use used active
		primary secondary normal expected current last first next run running start started stop stopped set sent receive received
		unable cannot instead mode main local remote call calls answer answers site path line page prod production usr affected
		gone back internal external device devices interface memory cpu disk file key table size long short left right`},
	{answers, `status answered answer http code returned returns found got with error response`},
	{about, `from to upstream at against via reach reaching calling call contacting dial backend dependency on by towards toward
		connecting into of dependencies upstreams`},
	{reacts, `answered answers responded responds returned returns needed took refused rejected sent`},
	{waits, `took needed waited`},
	{kinds, `service svc server srv database db cluster switch router gateway proxy firewall controller broker cache queue node
		host api app portal check monitor pool`},
	{zero, `0 none no null nil false empty`},
	{holds, `handler handling handled log logs file page budget code codes rate ratio count counter counts policy threshold limit limits
		setting settings config report reports reporting tracker boundary domain detector detection injection test tests simulation drill
		exercise tolerance metric metrics topic letter retry callback listener class ms seconds secs txt go py java php html json conf cfg`},
	{capacity, `used use usage utilisation utilization occupancy capacity quota consumed consumption connections sessions leases seats channels slots
		memory heap swap disk cpu dtu ru load pool threads handles descriptors addresses sockets bandwidth full`},
	{available, `available`},
	{left, `left remaining remain free spare budget battery fuel charge runtime`},
	{burden, `lag lagging queue queues queued backlog pending waiting waits deferred undelivered inaccessible unassigned behind delay delayed
		retransmissions retransmits evicted stuck unsynced replay steal`},
	{delay, `lag lagging behind delay latency offset jitter took duration answer answers answered response respond responded median p50 p90 p95
		p99 drift skew pause bind commit`},
	{sway, `latency jitter offset drift skew`},
	{attained, `up joined processed written delivered online served enrolled updated finished applied synced sync streaming healthy ready done
		printed scanned checked succeeded passed completed registered members active reachable running`},
	{soft, `stopped stop down offline disconnected exited terminated suspended interrupted evicted failover isolated dropped closed dismounted
		lost killed outage`},
	{acted, `opened created saved paused reviewed approved changed updated deleted removed added raised lowered stopped restarted rebooted shut
		disabled enabled emptied closed set edited acknowledged assigned generated renamed moved muted`},
	{titled, `dashboard report rule runbook playbook ticket template panel view filter policy window page label tag document article search`},
	{chores, `packages package updates update upgrades changes change candidates differences jobs work tasks candidate migrations`},
	{unneeded, `needed required used affected changed modified enabled configured set applicable necessary supported logged running found exist
		expected yet only enough limited interrupted due related allowed permitted`},
	{thing, `handler handlers handling page pages policy rule rules detector detection tracker callback listener injection simulation drill boundary
		tolerance settings class topic support letter`},
}

// cutStems is Stems without the lexicon, which is made from it.
func cutStems(text string) []string {
	var out []string
	for i := 0; i < len(text); {
		if n := skip(text, i); n > 0 {
			i += n
			continue
		}
		start := i
		for i < len(text) && skip(text, i) == 0 {
			i++
		}
		out = append(out, Stem(text[start:i]))
	}
	return out
}

// Ordinary says that a word is of the vocabulary that any incident may use: it names nothing.
func Ordinary(stem string) bool {
	return Token{word: lexicon[stem]}.Ordinary()
}

// Ordinary is Ordinary of its stem.
func (t Token) Ordinary() bool { return t.is(plain | bad | good | about | calmly | turned) }

// Good says that a word says that something is well.
func Good(stem string) bool {
	w := lexicon[stem]
	return w != nil && w.class&good != 0
}

// Turns says that a word says the opposite of what follows.
func Turns(t Token) bool { return t.is(turned) }
