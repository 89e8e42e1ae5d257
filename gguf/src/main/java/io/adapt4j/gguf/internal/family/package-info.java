/**
 * Model families in GGUF files: one declarative class each, with the names and layouts of tensors,
 * the metadata, and what llama.cpp computes whatever the file says. Usable in both directions.
 */
@NullMarked
package io.adapt4j.gguf.internal.family;

import org.jspecify.annotations.NullMarked;
