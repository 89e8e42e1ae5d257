/** Tokenization: text to token ids and back, as a whole or as a stream of tokens. */
@NullMarked
package io.adapt4j.core.tokenize;

import org.jspecify.annotations.NullMarked;
