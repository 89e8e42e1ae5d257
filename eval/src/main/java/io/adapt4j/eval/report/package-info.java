/** Evaluation reports for people, pull requests and builds. */
@NullMarked
package io.adapt4j.eval.report;

import org.jspecify.annotations.NullMarked;
