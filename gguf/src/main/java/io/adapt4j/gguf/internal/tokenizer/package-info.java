/** Tokenizers as GGUF files have them: vocabularies, special tokens, chat templates. */
@NullMarked
package io.adapt4j.gguf.internal.tokenizer;

import org.jspecify.annotations.NullMarked;
