/** Weights on their way into GGUF files: where they come from, which type they get. */
@NullMarked
package io.adapt4j.gguf.internal.write;

import org.jspecify.annotations.NullMarked;
