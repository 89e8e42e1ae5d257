/** How sure a measured score is, and whether two models really differ. */
@NullMarked
package io.adapt4j.eval.stats;

import org.jspecify.annotations.NullMarked;
