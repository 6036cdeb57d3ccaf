// Package truncate brings one log record or span down to a number of bytes
// when it is larger than max_event_bytes allows (processor.md, "Limits,
// pressure, delivery"), losing as little as it can. The faces of the processor
// call it, and only with what is too large.
//
// It knows pdata, JSON and which attribute names identify a request; it knows
// no request, no configuration, no clock and no logger. All functions are safe
// for concurrent use on different data.
//
// How the bytes are divided:
//
//   - As long as cutting strings is enough, that is all that happens: one cap
//     is found for all strings, so that the long ones are cut to it and the
//     shorter ones stay whole. The cap is never below 256 bytes (an eighth of
//     the limit when that is less).
//   - Where it is not enough (a million tiny elements), the bytes are divided
//     level by level from the top: what is small stays, the others get equal
//     shares, and a share that strings alone still cannot meet loses elements:
//     a list from its tail, a map first its large entries, then its small ones,
//     then attributes of gen_ai and last those that identify the request, each
//     from the tail.
//   - Text that is a JSON list or object counts as the strings and elements in
//     it and stays JSON, text in such text included; its insignificant white
//     space goes first. Broken JSON is text.
//   - Ids, times and flags always stay, and of the event name or span name the
//     first 256 bytes.
//
// A cut string ends in a mark that is counted in its size.
package truncate
