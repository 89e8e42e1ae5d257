/**
 * Model families in GGUF files. A family is one declaration, written with a builder, and its line
 * in {@link io.adapt4j.gguf.internal.family.Families}: tensor names with their layouts, metadata
 * keys, and settings that llama.cpp hardcodes. Writing and reading follow it.
 */
@NullMarked
package io.adapt4j.gguf.internal.family;

import org.jspecify.annotations.NullMarked;
