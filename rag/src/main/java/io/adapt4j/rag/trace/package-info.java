/** What was done for an answer, how long it took, and meters of it. */
@NullMarked
package io.adapt4j.rag.trace;

import org.jspecify.annotations.NullMarked;
