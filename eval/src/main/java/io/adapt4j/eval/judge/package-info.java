/** Language models as judges of answers: of two against each other, and of one by a rubric. */
@NullMarked
package io.adapt4j.eval.judge;

import org.jspecify.annotations.NullMarked;
