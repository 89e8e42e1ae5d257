/** What a model is asked, and how its replies are judged. */
@NullMarked
package io.adapt4j.eval.task;

import org.jspecify.annotations.NullMarked;
