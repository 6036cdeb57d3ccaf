package processor

import (
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// checkStorage refuses every storage: an id that is no storage extension, and
// one that is, because a buffer that silently kept its data in memory although
// storage was asked for would lose it.
func checkStorage(id component.ID, host component.Host) error {
	extension, known := host.GetExtensions()[id]
	if !known {
		return fmt.Errorf("storage: %q is no extension of this collector; list it under service::extensions, or remove the key", id)
	}
	if _, ok := extension.(storage.Extension); !ok {
		return fmt.Errorf("storage: %q is no storage extension; give the id of one, such as file_storage, or remove the key", id)
	}
	return fmt.Errorf("storage: %q cannot be used yet: this version keeps requests in memory only; remove the key", id)
}
