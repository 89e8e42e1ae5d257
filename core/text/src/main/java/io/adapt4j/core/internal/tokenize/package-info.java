/** Batches of token ids, words of a text, and the tokenizer files of a saved model. */
@NullMarked
package io.adapt4j.core.internal.tokenize;

import org.jspecify.annotations.NullMarked;
