/** Texts that encoder-decoders write for others: greedily, or with beam search. */
package io.adapt4j.core.internal.sequence;
