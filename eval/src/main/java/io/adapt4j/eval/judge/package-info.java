/** Language models as judges: pairwise comparison of answers and scoring by a rubric. */
@NullMarked
package io.adapt4j.eval.judge;

import org.jspecify.annotations.NullMarked;
