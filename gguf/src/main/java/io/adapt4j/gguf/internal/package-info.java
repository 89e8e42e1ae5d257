/** How models, tokenizers and adapters become GGUF files. No API. */
@NullMarked
package io.adapt4j.gguf.internal;

import org.jspecify.annotations.NullMarked;
