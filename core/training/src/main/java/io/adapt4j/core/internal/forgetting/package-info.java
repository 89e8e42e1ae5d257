/** Gains and forgetting of methods, as measured in the runs of a study. */
@NullMarked
package io.adapt4j.core.internal.forgetting;

import org.jspecify.annotations.NullMarked;
