/** The tokenizer's files of a model that is written. */
@NullMarked
package io.adapt4j.core.internal.tokenize;

import org.jspecify.annotations.NullMarked;
