/** Names of tensors in checkpoints and GGUF files, and layouts of their values in both. */
@NullMarked
package io.adapt4j.gguf.internal.layout;

import org.jspecify.annotations.NullMarked;
