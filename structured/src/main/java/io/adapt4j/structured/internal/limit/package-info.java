/** Limits on the cost of compiling a constraint. */
@NullMarked
package io.adapt4j.structured.internal.limit;

import org.jspecify.annotations.NullMarked;
