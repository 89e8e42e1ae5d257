/** Objectives that authors bring from outside. */
package io.adapt4j.core.internal.task.custom;
