/** Which tokens can follow: an automaton with a stack over the bytes of a vocabulary. */
@NullMarked
package io.adapt4j.structured.internal.automaton;

import org.jspecify.annotations.NullMarked;
