/** The tokens that can follow: a pushdown automaton over the bytes of a vocabulary. */
@NullMarked
package io.adapt4j.structured.internal.automaton;

import org.jspecify.annotations.NullMarked;
