/** The structure of texts: characters, sequences, alternatives, repetitions and rules. */
@NullMarked
package io.adapt4j.structured.internal.grammar;

import org.jspecify.annotations.NullMarked;
