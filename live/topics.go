package live

import "corax"

// Topics are what an event changes. A topic is a list ("problems") or one thing in it ("problem:prb-1"):
//
//	problems, problem:ID      incidents, incident:ID      plans, plan:ID      approvals      orders      pages
//	stops (kill switches and emergencies)      autonomy      timeline (every event)
//
// Others are published by the rooms that know: monitors, monitor:NAME, signals, silences, settings.
func Topics(e corax.Event) []string {
	topics := []string{"timeline"}
	if e.Problem != "" {
		topics = append(topics, "problems", "problem:"+e.Problem)
	}
	if e.Incident != "" {
		topics = append(topics, "incidents", "incident:"+e.Incident)
	}
	if e.Plan != "" {
		topics = append(topics, "plans", "plan:"+e.Plan)
	}
	switch e.Kind {
	case corax.EventApprovalAsked, corax.EventApprovalAnswered:
		topics = append(topics, "approvals")
	case corax.EventStopSwitch, corax.EventBreakGlass:
		topics = append(topics, "stops")
	case corax.EventAutonomy:
		topics = append(topics, "autonomy")
	case corax.EventNotified, corax.EventPageAcked:
		topics = append(topics, "pages")
	case corax.EventWorkOrder:
		topics = append(topics, "orders")
	}
	return topics
}
