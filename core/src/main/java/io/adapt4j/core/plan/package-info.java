/** What a training will take of memory and time, worked out before it runs. */
@NullMarked
package io.adapt4j.core.plan;

import org.jspecify.annotations.NullMarked;
