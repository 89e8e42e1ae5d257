/** Metadata keys of models and the fields of {@code config.json} they correspond to. */
@NullMarked
package io.adapt4j.gguf.internal.metadata;

import org.jspecify.annotations.NullMarked;
