package live

import "sync"

// mutex is a sync.Mutex that is worth a short spin: what is done under it takes
// well under a microsecond, while one that goes to sleep here wakes up behind
// thousands of readers that are ready to run.
type mutex struct{ sync.Mutex }

// Lock locks, spinning before it sleeps.
func (m *mutex) Lock() {
	const tries = 100
	for range tries {
		if m.TryLock() {
			return
		}
	}
	m.Mutex.Lock()
}
