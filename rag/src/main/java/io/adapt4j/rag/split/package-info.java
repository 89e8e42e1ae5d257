/** Cuts documents into the pieces by which they are searched and read. */
@NullMarked
package io.adapt4j.rag.split;

import org.jspecify.annotations.NullMarked;
