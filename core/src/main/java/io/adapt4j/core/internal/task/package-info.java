/**
 * What a run asks of a task ({@link io.adapt4j.core.internal.task.TaskDefinition}), and what plans,
 * trains and times all tasks alike ({@link io.adapt4j.core.internal.task.TaskRunner}).
 */
package io.adapt4j.core.internal.task;
