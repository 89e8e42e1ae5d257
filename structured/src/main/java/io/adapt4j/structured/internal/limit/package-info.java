/** What compiling a constraint may cost. */
@NullMarked
package io.adapt4j.structured.internal.limit;

import org.jspecify.annotations.NullMarked;
