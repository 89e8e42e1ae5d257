/** Confidence intervals of scores, and tests of whether two models differ. */
@NullMarked
package io.adapt4j.eval.stats;

import org.jspecify.annotations.NullMarked;
