/** Where chunks, their vectors and their metadata are kept and searched. */
@NullMarked
package io.adapt4j.rag.index;

import org.jspecify.annotations.NullMarked;
