/** Words, n-grams, stems and edit distances of metrics on texts. */
@NullMarked
package io.adapt4j.eval.internal.metric.text;

import org.jspecify.annotations.NullMarked;
