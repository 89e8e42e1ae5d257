/** Splits documents into chunks. */
@NullMarked
package io.adapt4j.rag.split;

import org.jspecify.annotations.NullMarked;
