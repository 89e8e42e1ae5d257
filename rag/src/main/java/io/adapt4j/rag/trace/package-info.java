/** Traces of answers with their stages and timings, and metrics. */
@NullMarked
package io.adapt4j.rag.trace;

import org.jspecify.annotations.NullMarked;
