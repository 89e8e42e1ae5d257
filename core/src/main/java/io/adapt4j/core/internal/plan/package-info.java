/** The plan of a run, and the memory that it predicts. */
@NullMarked
package io.adapt4j.core.internal.plan;

import org.jspecify.annotations.NullMarked;
