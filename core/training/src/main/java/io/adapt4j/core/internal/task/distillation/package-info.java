/** Distillation: losses of a student against the predictions of a teacher. */
package io.adapt4j.core.internal.task.distillation;
