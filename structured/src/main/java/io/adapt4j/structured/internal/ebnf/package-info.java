/** Grammars written as text. */
@NullMarked
package io.adapt4j.structured.internal.ebnf;

import org.jspecify.annotations.NullMarked;
