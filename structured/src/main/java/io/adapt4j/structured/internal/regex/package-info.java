/** Regular expressions, and automata over characters that can be intersected. */
@NullMarked
package io.adapt4j.structured.internal.regex;

import org.jspecify.annotations.NullMarked;
