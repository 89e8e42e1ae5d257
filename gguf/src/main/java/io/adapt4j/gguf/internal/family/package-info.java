/**
 * Model families in GGUF files: one declarative class each, with tensor names and layouts,
 * metadata, and settings that llama.cpp hardcodes. Used in both directions.
 */
@NullMarked
package io.adapt4j.gguf.internal.family;

import org.jspecify.annotations.NullMarked;
