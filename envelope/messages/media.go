package messages

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/genaibuffer/genaibufferprocessor/semconv"
)

// mediaPart is what a dialect says about an image, a sound, a film or a file.
type mediaPart struct {
	modality string
	mimeType string
	// data is base64, url an address or a data URL, id a file's id at the
	// provider.
	data pcommon.Value
	url  pcommon.Value
	id   pcommon.Value
	// read are the part and the objects in it that hold these.
	read   [maxMediaDepth]reading
	levels int
}

// maxMediaDepth is how deep the objects of a part that hold its data may stand
// in each other: an image in an image of OpenInference is the deepest.
const maxMediaDepth = 4

// media appends a part of one of the types that hold or point to data.
func (w *partWriter) media(typ string, m pcommon.Map, depth int) pcommon.Map {
	// Anthropic's document may be plain text under another name.
	if typ == modalityDocument && depth < maxNesting {
		r := read(m)
		if source, ok := r.takeMap("source"); ok {
			if inline := str(get(source, keyType)); inline == "text" || inline == keyContent {
				part := w.textSource(source, depth)
				r.keep(part)
				return part
			}
		}
	}
	media := mediaPart{modality: modalityOfType(typ)}
	media.add(m)
	return w.appendMedia(&media, m)
}

// textSource appends the text of a document, or the parts that it is made of.
func (w *partWriter) textSource(source pcommon.Map, depth int) pcommon.Map {
	r := read(source)
	data := r.take("data", keyContent)
	var part pcommon.Map
	if list, ok := semconv.SliceOf(orNull(data)); ok {
		for i := range list.Len() {
			if block, ok := semconv.MapOf(list.At(i)); ok {
				part = w.mapPart(block, depth+1)
			} else {
				part = w.text(partText, text(list.At(i)))
			}
		}
	}
	if part == (pcommon.Map{}) {
		part = w.text(partText, text(data))
	}
	r.keep(part)
	return part
}

// untypedMedia appends Bedrock's and Gemini's parts, which are known by their
// key.
func (w *partWriter) untypedMedia(r *reading) pcommon.Map {
	for _, key := range [...]string{"inlineData", "inline_data", "fileData", "file_data", "media", "image", "document", "video", "audio"} {
		inner, ok := mapIn(r.m, key)
		if !ok {
			continue
		}
		media := mediaPart{modality: modalityOfType(key)}
		media.add(inner)
		if media.isEmpty() {
			continue
		}
		r.use(key)
		return w.appendMedia(&media, inner)
	}
	return pcommon.Map{}
}

func modalityOfType(typ string) string {
	switch typ {
	case "image", "image_url", "input_image":
		return modalityImage
	case "audio", "input_audio":
		return modalityAudio
	case "video":
		return modalityVideo
	case "document", "input_file":
		return modalityDocument
	}
	return ""
}

func (p *mediaPart) isEmpty() bool { return absent(p.data) && absent(p.url) && absent(p.id) }

// add collects what an object says, and what the objects in it say: a source,
// an image in an image, a file.
func (p *mediaPart) add(m pcommon.Map) {
	if p.levels == maxMediaDepth {
		return
	}
	r := &p.read[p.levels]
	*r = read(m)
	p.levels++
	if p.mimeType == "" {
		p.mimeType = r.takeText("media_type", "mediaType", keyMimeType, "mimeType", "contentType")
	}
	if p.modality == "" {
		p.modality = r.takeText(keyModality)
	}
	p.readFormat(r)
	for key, v := range m.All() {
		if p.place(key, v) {
			r.use(key)
		}
	}
}

// place takes a value that is data, an address, an id or an object that holds
// one of them.
func (p *mediaPart) place(key string, v pcommon.Value) bool {
	switch key {
	case keyFileID, "fileId":
		return setMedia(&p.id, v)
	case "url", keyURI, "file_uri", "fileUri", "file_url":
		return setMedia(&p.url, v)
	case "data", "bytes", "base64", keyContent:
		return setMedia(&p.data, v)
	case "source", "image_url", "input_audio", "image", "audio", "video", "document", "media", "file", "fileData",
		"file_data", "inlineData", "s3Location", "location":
		if m, ok := semconv.MapOf(v); ok {
			if p.levels == maxMediaDepth {
				return false
			}
			p.add(m)
			return true
		}
		if isURL(v.Str()) {
			return setMedia(&p.url, v)
		}
		return v.Str() != "" && setMedia(&p.data, v)
	}
	return false
}

// readFormat reads png, mp3 or pdf as the MIME type they stand for.
func (p *mediaPart) readFormat(r *reading) {
	format := str(get(r.m, "format"))
	if format == "" || p.mimeType != "" {
		return
	}
	switch p.modality {
	case modalityImage, modalityAudio, modalityVideo:
		p.mimeType = p.modality + "/" + format
	case modalityDocument:
		if format != "pdf" {
			return
		}
		p.mimeType = "application/pdf"
	default:
		return
	}
	r.use("format")
}

// setMedia takes text or bytes for what is not known yet.
func setMedia(dst *pcommon.Value, v pcommon.Value) bool {
	if !absent(*dst) || v.Type() != pcommon.ValueTypeStr && v.Type() != pcommon.ValueTypeBytes || semconv.IsEmpty(v) {
		return false
	}
	*dst = v
	return true
}

func orNull(v pcommon.Value) pcommon.Value {
	if absent(v) {
		return pcommon.NewValueEmpty()
	}
	return v
}

func isURL(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || len(scheme) > 16 {
		return false
	}
	return strings.HasPrefix(rest, "//") || scheme == "data" || scheme == "urn"
}

// appendMedia appends a blob for data, a uri for an address, a file for a
// provider's id; what said none of these stays what it was.
func (w *partWriter) appendMedia(media *mediaPart, m pcommon.Map) pcommon.Map {
	if absent(media.url) && isURL(str(media.data)) {
		media.data, media.url = pcommon.Value{}, media.data
	}
	mimeType, data, inline := cutDataURL(str(media.url))
	if inline && absent(media.data) {
		media.mimeType = mimeType
		return w.mediaPart(partBlob, media, func(part pcommon.Map) { part.PutStr(keyContent, data) })
	}
	if absent(media.data) && absent(media.url) && absent(media.id) {
		return w.generic(m)
	}
	typ := partFile
	if !absent(media.data) {
		typ = partBlob
	} else if !absent(media.url) {
		typ = partURI
	}
	return w.mediaPart(typ, media, func(part pcommon.Map) {
		if !absent(media.data) {
			media.data.CopyTo(part.PutEmpty(keyContent))
		}
		if !absent(media.url) {
			part.PutStr(keyURI, text(media.url))
		}
		if !absent(media.id) {
			part.PutStr(keyFileID, text(media.id))
		}
	})
}

// mediaPart appends a part of a type, with what put puts into it and what was
// not read of the objects that told of it.
func (w *partWriter) mediaPart(typ string, media *mediaPart, put func(pcommon.Map)) pcommon.Map {
	w.content = true
	part := w.add(typ, 3)
	part.PutStr(keyModality, media.modalityOr())
	if media.mimeType != "" {
		part.PutStr(keyMimeType, media.mimeType)
	}
	put(part)
	for i := range media.levels {
		media.read[i].keep(part)
	}
	return part
}

// modalityOr is the modality, told by the MIME type when nothing else tells it.
func (p *mediaPart) modalityOr() string {
	if p.modality != "" {
		return p.modality
	}
	switch family, _, _ := strings.Cut(p.mimeType, "/"); family {
	case modalityImage, modalityAudio, modalityVideo:
		return family
	}
	return modalityDocument
}

// cutDataURL reads data:<mime type>;base64,<data> (RFC 2397). Data that is not
// base64 stays an address.
func cutDataURL(url string) (mimeType, data string, ok bool) {
	rest, ok := strings.CutPrefix(url, "data:")
	if !ok {
		return "", "", false
	}
	head, data, ok := strings.Cut(rest, ",")
	if !ok || !strings.HasSuffix(head, ";base64") {
		return "", "", false
	}
	mimeType, _, _ = strings.Cut(head, ";")
	if mimeType == "" {
		mimeType = "text/plain"
	}
	return mimeType, data, true
}
