/** Encoder-decoder families: T5 and BART. */
package io.adapt4j.core.internal.nn.family.sequence;
