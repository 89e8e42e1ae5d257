/** How sure a measured score is, and whether two models really differ. */
package io.adapt4j.eval.stats;
