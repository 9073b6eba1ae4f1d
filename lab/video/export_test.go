package video

import (
	"sync"
	"testing"
	"time"
)

// Clock is a time for watchdogs that passes only when a test says so.
type Clock struct {
	mu     sync.Mutex
	now    time.Duration
	timers []*clockTimer
	resets chan struct{} // one for each time that a timer was set
}

// NewClock takes the place of the real time until the test ends.
func NewClock(t *testing.T) *Clock {
	c := &Clock{resets: make(chan struct{}, 1<<16)}
	real := afterFunc
	afterFunc = func(d time.Duration, f func()) timer {
		c.mu.Lock()
		defer c.mu.Unlock()
		k := &clockTimer{clock: c, fire: f, at: c.now + d, set: true}
		c.timers = append(c.timers, k)
		return k
	}
	t.Cleanup(func() { afterFunc = real })
	return c
}

// Pass lets time pass and waits for what is due.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	c.now += d
	var due []func()
	for _, k := range c.timers {
		if k.set && k.at <= c.now {
			k.set = false
			due = append(due, k.fire)
		}
	}
	c.mu.Unlock()
	for _, fire := range due {
		fire()
	}
}

// Fed waits until a timer is set again.
func (c *Clock) Fed() { <-c.resets }

type clockTimer struct {
	clock *Clock
	fire  func()
	at    time.Duration
	set   bool
}

func (k *clockTimer) Reset(d time.Duration) bool {
	k.clock.mu.Lock()
	defer k.clock.mu.Unlock()
	was := k.set
	k.at, k.set = k.clock.now+d, true
	k.clock.resets <- struct{}{}
	return was
}

func (k *clockTimer) Stop() bool {
	k.clock.mu.Lock()
	defer k.clock.mu.Unlock()
	was := k.set
	k.set = false
	return was
}
