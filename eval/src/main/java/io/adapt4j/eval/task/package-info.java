/** Evaluation tasks: requests to a model and the grading of its replies. */
@NullMarked
package io.adapt4j.eval.task;

import org.jspecify.annotations.NullMarked;
