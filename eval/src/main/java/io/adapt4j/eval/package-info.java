/** Asking models the questions of tasks, and what came of it. */
package io.adapt4j.eval;
