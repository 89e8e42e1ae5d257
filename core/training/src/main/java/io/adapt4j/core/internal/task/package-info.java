/**
 * Task definitions ({@link io.adapt4j.core.internal.task.TaskDefinition}), and the runner that
 * plans, trains and times all tasks ({@link io.adapt4j.core.internal.task.TaskRunner}).
 */
package io.adapt4j.core.internal.task;
