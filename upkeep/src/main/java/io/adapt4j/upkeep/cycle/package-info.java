/**
 * The update cycle: collects rows, decides whether to train, examines the new version, and promotes
 * it or keeps the old one; and the comparison of versions on live requests.
 */
@NullMarked
package io.adapt4j.upkeep.cycle;

import org.jspecify.annotations.NullMarked;
