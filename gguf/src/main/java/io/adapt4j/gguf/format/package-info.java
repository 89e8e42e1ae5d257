/**
 * The GGUF file format, version 3: reading, writing and quantizing, without dependencies beyond the
 * JDK.
 *
 * <p>Source: the format's specification in ggml's repository ({@code docs/gguf.md}).
 */
@NullMarked
package io.adapt4j.gguf.format;

import org.jspecify.annotations.NullMarked;
