/** Sources and types of weights written to GGUF files. */
@NullMarked
package io.adapt4j.gguf.internal.write;

import org.jspecify.annotations.NullMarked;
