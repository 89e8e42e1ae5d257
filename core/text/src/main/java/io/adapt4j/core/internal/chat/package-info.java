/** Tokenization of conversations, for generation and training. */
@NullMarked
package io.adapt4j.core.internal.chat;

import org.jspecify.annotations.NullMarked;
