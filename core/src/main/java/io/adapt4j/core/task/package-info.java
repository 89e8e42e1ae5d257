/** What a model is fine-tuned for: start at {@link io.adapt4j.core.task.Task}. */
package io.adapt4j.core.task;
