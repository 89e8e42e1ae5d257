/** Runs: processes that train, their queue, and what they report. */
@NullMarked
package io.adapt4j.studio.internal.run;

import org.jspecify.annotations.NullMarked;
