/** Text to token ids and back, one text at a time or as a stream of tokens. */
@NullMarked
package io.adapt4j.core.tokenize;

import org.jspecify.annotations.NullMarked;
