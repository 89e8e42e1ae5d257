/** Generation with encoder-decoders: greedy decoding and beam search. */
package io.adapt4j.core.internal.sequence;
