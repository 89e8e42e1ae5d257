/** Metrics of what was read from documents: answers, fields and tables. */
@NullMarked
package io.adapt4j.eval.internal.metric.document;

import org.jspecify.annotations.NullMarked;
