package service

import (
	"slices"
	"strings"

	"github.com/tandem-switch/tandem/internal/messages"
)

// wants tells whether a new post belongs to a subscription.
func (s *subscription) wants(d *domain, m *messages.Message) bool {
	root := m.Post.Root
	if root == 0 {
		root = m.ID
	}
	if s.addsTo != 0 && root != s.addsTo && m.ID != s.addsTo {
		return false
	}
	if s.liked && !m.Post.Liked {
		return false
	}
	return matches(&s.filter, d, m)
}

// matches tells whether a post matches a filter (4.7), as Posts of the store does.
func matches(f *messages.Filter, d *domain, m *messages.Message) bool {
	var parts []bool
	add := func(n int, is func(i int) bool) {
		if n == 0 {
			return
		}
		one := !f.Or
		for i := range n {
			if is(i) == f.Or {
				one = f.Or
				break
			}
		}
		parts = append(parts, one)
	}
	add(len(f.Topics), func(i int) bool { return inTopic(m.Post.Topic.SIP, f.Topics[i]) })
	add(len(f.Tags), func(i int) bool { return hasFolded(m.Post.Tags, f.Tags[i]) })
	add(len(f.Authors), func(i int) bool { return strings.EqualFold(d.nameOf(m.Author), f.Authors[i]) })
	add(len(f.Notifies), func(i int) bool {
		return slices.ContainsFunc(m.Post.Notify, func(p messages.Person) bool { return strings.EqualFold(d.nameOf(p), f.Notifies[i]) })
	})
	add(len(f.Filters), func(i int) bool { return matches(&f.Filters[i], d, m) })
	if len(parts) == 0 {
		return true
	}
	return slices.Contains(parts, f.Or) == f.Or
}

// inTopic tells whether a topic is the one, or one below it.
func inTopic(topic, of string) bool {
	return topic == of || (strings.HasPrefix(topic, of) && topic[len(of)] == '?')
}

func hasFolded(list []string, s string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, s) })
}
