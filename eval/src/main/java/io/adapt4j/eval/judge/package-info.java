/** Language models as judges of answers: of two against each other, and of one by a rubric. */
package io.adapt4j.eval.judge;
