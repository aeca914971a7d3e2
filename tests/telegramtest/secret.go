package telegramtest

// AuthKeys returns the auth keys that a login has used, 256 bytes each, for tests that search for what must be nowhere.
func (s *Server) AuthKeys(authorization int64) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorizations[authorization]
	if a == nil {
		return nil
	}
	var all [][]byte
	for _, id := range a.keys {
		if key, ok := s.wire.Key(id); ok {
			all = append(all, key.Value[:])
		}
	}
	return all
}
