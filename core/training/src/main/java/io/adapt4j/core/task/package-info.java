/** Training tasks: start at {@link io.adapt4j.core.task.Task}. */
@NullMarked
package io.adapt4j.core.task;

import org.jspecify.annotations.NullMarked;
