/** The plan of a run, with its predicted memory. */
@NullMarked
package io.adapt4j.core.internal.plan;

import org.jspecify.annotations.NullMarked;
