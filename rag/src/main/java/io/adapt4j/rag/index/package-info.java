/** Indexes that store and search chunks with their vectors and metadata. */
@NullMarked
package io.adapt4j.rag.index;

import org.jspecify.annotations.NullMarked;
