// Package config is what an operator writes about gen_ai_buffer: the keys,
// their defaults, and the refusal of what cannot work. The processor and the
// connector share it; nothing here knows how the engine does its work.
package config
