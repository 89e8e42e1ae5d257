/** Attention and recurrences: what mixes the tokens of a sequence in a layer. */
package io.adapt4j.core.internal.nn.attention;
